package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/pin/tftp/v3"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/source"
)

const (
	tftpPort = "69"
	// tftpBlock fits an Ethernet frame with IPv6, UDP and TFTP headers; servers that know no such option send 512.
	tftpBlock = 1428
	// A packet is sent anew tftpResend times, after tftpTimeout each.
	tftpTimeout = 5 * time.Second
	tftpResend  = 5
)

// What the first packet of an answer says where there is no such file, and where it may not be read (RFC 1350).
const (
	tftpNotFound = "code: 1,"
	tftpDenied   = "code: 2,"
)

// fetchTFTP fetches a file by name, as often as there is time for. One that breaks off begins again. The name begins
// with the slash, as the peer has it: to a server without a root of its own it is a path.
func (c *Client) fetchTFTP(ctx context.Context, r Resource, to *transfer) error {
	address, err := url.Parse(r.URL)
	if err != nil {
		return badRequest(errNotURL)
	}
	if address.Hostname() == "" {
		return badRequest(errNoHost)
	}
	if fault := source.CheckTFTP(address.Path); fault != nil {
		return badRequest(fault)
	}
	server := net.JoinHostPort(address.Hostname(), cmp.Or(address.Port(), tftpPort))
	ctx, p, stop := c.session().within(ctx, DefaultOtherTotal)
	defer stop()
	a := c.attempts("GET", r.URL, p)
	defer a.end()
	return a.until(ctx, func() error {
		err := a.tftp(ctx, server, address.Path, to)
		failed := retryable(err)
		if failed == nil {
			return err
		}
		if err := to.reset(); err != nil {
			return failed.final(err)
		}
		return failed
	})
}

// tftp makes one attempt at a file of a TFTP server.
func (a *attempts) tftp(ctx context.Context, server, file string, to *transfer) error {
	at, err := resolve(ctx, server, a.count)
	if err != nil {
		return (&Error{Kind: KindName, Err: err}).again(0)
	}
	client, err := tftp.NewClient(at)
	if err != nil {
		return (&Error{Kind: KindConnection, Err: err}).again(0)
	}
	client.SetTimeout(tftpTimeout)
	client.SetRetries(tftpResend)
	client.SetBlockSize(tftpBlock)
	client.RequestTSize(true)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The client knows no context: it writes into a pipe, which ends for it when the time is up, and is left to itself.
	from, into := io.Pipe()
	stop := context.AfterFunc(ctx, func() { _ = into.CloseWithError(tftpError(KindBody, context.Cause(ctx))) })
	defer stop()
	go readTFTP(client, file, into)
	a.received.Store(0)
	a.await("the file")
	err = to.receive(&received{from, a}, cancel)
	if err == nil {
		a.result("OK")
	}
	return err
}

// A received file tells of how much of it there is.
type received struct {
	from io.Reader
	told *attempts
}

func (r *received) Read(p []byte) (int, error) {
	r.told.resume()
	n, err := r.from.Read(p)
	r.told.pause(n)
	r.told.received.Add(int64(n))
	return n, err
}

// readTFTP copies a file into a pipe. A file that is not as long as the server said has broken off.
func readTFTP(client *tftp.Client, file string, into *io.PipeWriter) {
	transfer, err := client.Receive(file, "octet")
	if err != nil {
		_ = into.CloseWithError(tftpError(KindConnection, err))
		return
	}
	size, known := int64(0), false
	if incoming, ok := transfer.(tftp.IncomingTransfer); ok {
		size, known = incoming.Size()
	}
	n, err := transfer.WriteTo(into)
	// 0 is what we have asked with, where the server knows no such option
	if err == nil && known && size != 0 && n != size {
		err = fmt.Errorf("the file ended after %s of %d", diag.Count(n, "byte"), size)
	}
	if err != nil {
		err = tftpError(KindBody, err)
	}
	_ = into.CloseWithError(err) // nil is the end of the file
}

// tftpError is the error of an attempt. It is final where the server has no such file or does not give it out; kind is
// for what the server has not said.
func tftpError(kind Kind, err error) *Error {
	switch text := err.Error(); {
	case strings.HasPrefix(text, tftpNotFound):
		return missing(0)
	case strings.HasPrefix(text, tftpDenied):
		return badAnswer(errors.New("the server does not give it out"))
	case strings.HasPrefix(text, "code: "): // and the server's own words, which may be anything
		err = errors.New("the server answered " + diag.OneLine(strings.TrimRight(text, "\x00")))
		return badAnswer(err).again(0)
	}
	return (&Error{Kind: kind, Err: err}).again(0)
}

// resolve gives an address of a server, another one with each attempt.
func resolve(ctx context.Context, server string, attempt int) (string, error) {
	host, port, err := net.SplitHostPort(server)
	if err != nil {
		return "", err
	}
	resolver := &net.Resolver{PreferGo: true}
	all, err := resolver.LookupHost(ctx, host)
	if err != nil {
		return "", err
	}
	return net.JoinHostPort(all[(attempt-1)%len(all)], port), nil
}
