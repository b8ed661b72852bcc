// Command peers is the bench's other side: the same servers in Go, as its users would write them, on the standard
// library alone. It prints "listening ADDRESS" and serves until it is killed.
//
//	peers echo
//	peers proxy -to 127.0.0.1:7
//	peers udpecho
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		log.Fatal("usage: peers echo|proxy|udpecho [-addr host:port] [-to host:port]")
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	addr := flags.String("addr", "127.0.0.1:0", "where to listen")
	to := flags.String("to", "", "the proxy's upstream")
	_ = flags.Parse(os.Args[2:])

	switch os.Args[1] {
	case "echo":
		serve(*addr, func(conn net.Conn) { _, _ = io.Copy(conn, conn) })
	case "proxy":
		serve(*addr, func(client net.Conn) { proxy(client, *to) })
	case "udpecho":
		echoDatagrams(*addr)
	default:
		log.Fatalf("there is no peer %q", os.Args[1])
	}
}

func serve(addr string, handle func(net.Conn)) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening", listener.Addr())
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
