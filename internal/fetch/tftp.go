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

// fetchTFTP fetches a file by name, as often as there is time for. A transfer that breaks off begins again. The name
// begins with the slash, as the peer has it: to a server without a root of its own it is a path.
func (c *Client) fetchTFTP(ctx context.Context, r Resource, to *delivery) error {
	address, err := url.Parse(r.URL)
	if err != nil {
		return errNotURL
	}
	if address.Hostname() == "" {
		return errors.New("names no host")
	}
	if fault := source.CheckTFTP(address.Path); fault != nil {
		return fault
	}
	port := address.Port()
	if port == "" {
		port = tftpPort
	}
	total := cmp.Or(c.session().settings.Total, DefaultOtherTotal)
	ctx, stop := within(ctx, total)
	defer stop()
	q := c.quest("GET", r.URL, total)
	defer q.end()
	for {
		q.attempt()
		err := c.transfer(ctx, q, net.JoinHostPort(address.Hostname(), port), address.Path, to)
		failed := again{}
		if !errors.As(err, &failed) {
			return err
		}
		if err := to.restart(); err != nil {
			return fmt.Errorf("%w; %w", failed, err)
		}
		if err := q.wait(ctx, failed); err != nil {
			return err
		}
	}
}

// transfer makes one attempt.
func (c *Client) transfer(ctx context.Context, q *quest, server, file string, to *delivery) error {
	at, err := c.resolve(ctx, server, q.attempts)
	if err != nil {
		return again{error: err}
	}
	client, err := tftp.NewClient(at)
	if err != nil {
		return again{error: err}
	}
	client.SetTimeout(tftpTimeout)
	client.SetRetries(tftpResend)
	client.SetBlockSize(tftpBlock)
	client.RequestTSize(true)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The client knows no context: it writes into a pipe, which ends for it when the time is up, and is left to itself.
	from, into := io.Pipe()
	stop := context.AfterFunc(ctx, func() { _ = from.CloseWithError(context.Cause(ctx)) })
	defer stop()
	go receive(client, file, into)
	to.abort = cancel
	defer func() { to.abort = nil }()
	q.now("the file")
	err = to.take(&counting{from, q})
	if err == nil {
		q.result("OK")
		return nil
	}
	if failed := to.body.failed.Load(); failed != nil && !to.ours {
		return tftpError(*failed)
	}
	return err
}

// counting tells a quest how much there is.
type counting struct {
	from io.Reader
	to   *quest
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.to.got.Add(int64(n))
	return n, err
}

// receive copies a file into a pipe. A file that is not as long as the server said has broken off.
func receive(client *tftp.Client, file string, into *io.PipeWriter) {
	transfer, err := client.Receive(file, "octet")
	if err != nil {
		_ = into.CloseWithError(err)
		return
	}
	size, known := int64(0), false
	if incoming, ok := transfer.(tftp.IncomingTransfer); ok {
		size, known = incoming.Size()
	}
	n, err := transfer.WriteTo(into)
	// 0 is what we have asked with, where the server knows no such option
	if err == nil && known && size != 0 && n != size {
		err = fmt.Errorf("the file ended after %d bytes of %d", n, size)
	}
	_ = into.CloseWithError(err) // nil is the end of the file
}

// tftpError tells the final errors from those that another attempt may cure.
func tftpError(err error) error {
	switch text := err.Error(); {
	case strings.HasPrefix(text, tftpNotFound):
		return notFound()
	case strings.HasPrefix(text, tftpDenied):
		return errors.New("the server does not give it out")
	case strings.HasPrefix(text, "code: "): // and the server's own words, which may be anything
		return again{error: errors.New("the server answered " + diag.OneLine(strings.TrimRight(text, "\x00")))}
	}
	return again{error: err}
}

// resolve gives an address of a server, another one with each attempt.
func (c *Client) resolve(ctx context.Context, server string, attempt int) (string, error) {
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
