// Command peers is the bench's other side: the same servers in Go, as its users would write them, on the standard
// library alone. A server prints "listening ADDRESS" and serves until it is killed. The others work for a while and print
// how many bytes, or requests, per second that were.
//
//	peers echo
//	peers proxy -to 127.0.0.1:7
//	peers udpecho
//	peers http
//	peers files -root folder
//	peers httpclient -to 127.0.0.1:80 -connections 64 -length 2s
//	peers json -work parse -file document.json -length 2s
//	peers gzip -work inflate -file document.gz -length 2s
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		log.Fatal("usage: peers echo|proxy|udpecho|http|files|httpclient|json|gzip [-addr host:port] [-to host:port]")
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	addr := flags.String("addr", "127.0.0.1:0", "where to listen")
	to := flags.String("to", "", "the proxy's upstream, the client's server")
	root := flags.String("root", ".", "for files: the folder to serve")
	connections := flags.Int("connections", 1, "for httpclient: how many at once")
	work := flags.String("work", "", "for json: parse or print; for gzip: gzip or inflate")
	file := flags.String("file", "", "for json and gzip: the document")
	length := flags.Duration("length", time.Second, "for httpclient, json and gzip: how long")
	_ = flags.Parse(os.Args[2:])

	switch os.Args[1] {
	case "echo":
		serve(*addr, func(conn net.Conn) { _, _ = io.Copy(conn, conn) })
	case "proxy":
		serve(*addr, func(client net.Conn) { proxy(client, *to) })
	case "udpecho":
		echoDatagrams(*addr)
	case "http":
		serveHTTP(*addr, http.HandlerFunc(hello))
	case "files":
		serveHTTP(*addr, http.FileServer(http.Dir(*root)))
	case "httpclient":
		requests(*to, *connections, *length)
	case "json":
		measureJSON(*work, *file, *length)
	case "gzip":
		measureGzip(*work, *file, *length)
	default:
		log.Fatalf("there is no peer %q", os.Args[1])
	}
}

func listen(addr string) net.Listener {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening", listener.Addr())
	return listener
}

func serve(addr string, handle func(net.Conn)) {
	listener := listen(addr)
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() {
			defer conn.Close()
			handle(conn)
		}()
	}
}

func proxy(client net.Conn, to string) {
	upstream, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer upstream.Close()
	go func() {
		_, _ = io.Copy(client, upstream)
		client.Close()
	}()
	_, _ = io.Copy(upstream, client)
}

func echoDatagrams(addr string) {
	socket, err := net.ListenPacket("udp", addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening", socket.LocalAddr())
	datagram := make([]byte, 1024)
	for {
		n, from, err := socket.ReadFrom(datagram)
		if err != nil {
			log.Fatal(err)
		}
		// A datagram that cannot be answered is its sender's loss.
		_, _ = socket.WriteTo(datagram[:n], from)
	}
}

func serveHTTP(addr string, handler http.Handler) {
	log.Fatal(http.Serve(listen(addr), handler))
}

func hello(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	_, _ = io.WriteString(w, "Hello, world!\n")
}

// requests are sent over so many connections at once, and each answer is read whole.
func requests(to string, connections int, length time.Duration) {
	transport := &http.Transport{MaxIdleConnsPerHost: connections}
	client := &http.Client{Transport: transport}
	counts := make([]int, connections)
	var group sync.WaitGroup
	begin := time.Now()
	for number := range counts {
		group.Add(1)
		go func(count *int) {
			defer group.Done()
			for time.Since(begin) < length {
				response, err := client.Get("http://" + to + "/")
				if err != nil {
					log.Fatal(err)
				}
				_, err = io.Copy(io.Discard, response.Body)
				response.Body.Close()
				if err != nil {
					log.Fatal(err)
				}
				*count++
			}
		}(&counts[number])
	}
	group.Wait()
	all := 0
	for _, count := range counts {
		all += count
	}
	fmt.Println(float64(all) / time.Since(begin).Seconds())
}

// rate does the work again and again until the time is up: bytes per second, when each time gives its bytes.
func rate(length time.Duration, work func() (int, error)) {
	count := 0
	begin := time.Now()
	for time.Since(begin) < length {
		done, err := work()
		if err != nil {
			log.Fatal(err)
		}
		count += done
	}
	fmt.Println(float64(count) / time.Since(begin).Seconds())
}

func read(file string) []byte {
	document, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	return document
}

func measureJSON(work, file string, length time.Duration) {
	document := read(file)
	var value any
	if err := json.Unmarshal(document, &value); err != nil {
		log.Fatal(err)
	}
	switch work {
	case "parse":
		rate(length, func() (int, error) {
			var value any
			return len(document), json.Unmarshal(document, &value)
		})
	case "print":
		rate(length, func() (int, error) {
			text, err := json.Marshal(value)
			return len(text), err
		})
	default:
		log.Fatalf("there is no work %q", work)
	}
}

// measureGzip counts the bytes that are not compressed, both ways.
func measureGzip(work, file string, length time.Duration) {
	document := read(file)
	switch work {
	case "gzip":
		rate(length, func() (int, error) {
			var small bytes.Buffer
			writer := gzip.NewWriter(&small)
			if _, err := writer.Write(document); err != nil {
				return 0, err
			}
			return len(document), writer.Close()
		})
	case "inflate":
		rate(length, func() (int, error) {
			reader, err := gzip.NewReader(bytes.NewReader(document))
			if err != nil {
				return 0, err
			}
			count, err := io.Copy(io.Discard, reader)
			return int(count), err
		})
	default:
		log.Fatalf("there is no work %q", work)
	}
}
