package fetch

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/source"
)

// DefaultResponseHeader is how long a server may take to answer where a config does not say (docs/peer/spec.md §3.2).
const DefaultResponseHeader = 10 * time.Second

// ErrNeedNet says that an offline client was asked for something that only the network has.
var ErrNeedNet = errors.New("needs the network")

var (
	errNotURL = errors.New("does not parse as a URL") // net/url's own error quotes the text
	errNoHost = errors.New("names no host")
)

// A Header is one HTTP request header. Its value never prints; an empty value means that the header is not sent.
type Header struct {
	Name  string
	Value diag.Secret
}

// A Resource is something to fetch.
type Resource struct {
	URL     string
	Gzip    bool     // the body is gzip; Digest is of what is inside
	Headers []Header // http and https only; they replace the default of the same name, the last of a name wins
	Digest  string   // "sha512-<hex>" or "sha256-<hex>", "" for none
}

// Settings are what a config says about fetching.
type Settings struct {
	ResponseHeader time.Duration // from the request to the response's headers, per attempt; 0 for no limit
	Total          time.Duration // all attempts and the body of one resource; 0 for no limit, or DefaultOtherTotal
	Idle           time.Duration // where Total is 0: without an answer or a byte of one resource; 0 for no limit

	HTTPProxy, HTTPSProxy string   // proxy URLs; https does not fall back to the http one
	NoProxy               []string // hosts, domains, addresses, networks, each with :port if need be, or *

	Authorities []Resource // PEM bundles trusted beside the system's
}

// A Sink is a writer that can forget what it was given. Fetch starts a body that broke off from the beginning again
// only if its writer is a Sink or has not been given anything yet.
type Sink interface {
	io.Writer
	// Reset makes the sink as it was before the first Write.
	Reset() error
}

// A Machine is what decides on whose behalf storage services are asked.
type Machine struct {
	Platform string // "aws" and "azure" give instances an identity; Google's machines are recognised without
	Region   string // of an instance of aws, where it is known; "" to ask when it is needed
}

// A Client fetches resources. It may be used by several goroutines at once once its fields are set.
type Client struct {
	Offline bool // everything but data: and "" is ErrNeedNet
	Machine Machine
	Clock   Clock
	// Unprotected is asked when a redirect leads from https to http and no digest says what the content has to be. Its
	// error ends the fetch; nil goes on. The URL is fit for a log.
	Unprotected func(url string) error

	log        *slog.Logger
	version    string
	dial       func(ctx context.Context, network, addr string) (net.Conn, error)
	jitter     func(most time.Duration) time.Duration
	metadata   string // of the services for instances of aws and azure; "" for the usual one
	metadataV6 string // of aws, by IPv6
	expansion  expansion
	buffers    bufferPool
	gunzips    gunzipPool
	downloads  downloads
	google     googleAccount

	mu          sync.Mutex
	settings    Settings
	roots       []*x509.Certificate
	authorities map[bundleKey][]byte
	aws         *awsInstance // nil until it is needed
	current     *session     // nil until http is first needed: a boot with data: URLs alone reads no CA pool
}

// New makes a client with the default settings. It tells servers that it is "Ignition/<version>", which services
// that tailor a config to the requester look for.
func New(log *slog.Logger, version string) *Client {
	// Go's own resolver: an initramfs need not have what libc's looks for.
	dialer := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second,
		Resolver: &net.Resolver{PreferGo: true}, Control: mark}
	return &Client{
		log:         log,
		version:     version,
		metadataV6:  "http://[fd00:ec2::254]",
		dial:        dialer.DialContext,
		jitter:      func(most time.Duration) time.Duration { return rand.N(most + 1) },
		expansion:   expansion{free: source.UnpackedFree, ratio: source.UnpackedMost},
		settings:    Settings{ResponseHeader: DefaultResponseHeader},
		authorities: map[bundleKey][]byte{},
	}
}

// A scheme is how the sources of one URL scheme are fetched.
type scheme struct {
	name  string
	local bool // no network needed
	fetch func(c *Client, ctx context.Context, r Resource, to *transfer) error
}

// schemes lists what a config may name. Each function keeps to the time limits and makes the attempts of its scheme,
// and gives what comes to the transfer, which unpacks, verifies and writes it.
var schemes = [...]scheme{
	{"", true, fetchNothing},
	{"data", true, fetchData},
	{"http", false, (*Client).fetchHTTP},
	{"https", false, (*Client).fetchHTTP},
	{"tftp", false, (*Client).fetchTFTP},
	{"s3", false, (*Client).fetchS3},
	{"arn", false, (*Client).fetchS3},
	{"gs", false, (*Client).fetchGS},
}

// Fetch writes the resource to w and returns how many bytes that were. On an error w may hold a part of the resource,
// or all of it where only the digest differs. Errors begin with the URL, its secrets left out; ErrNeedNet or an *Error
// is found in them.
func (c *Client) Fetch(ctx context.Context, r Resource, w io.Writer) (int64, error) {
	t, err := c.fetch(ctx, r, w)
	if err != nil {
		return t.n, about(r.URL, caused(ctx, err))
	}
	if t.coding != "" && !r.Gzip && r.Digest == "" {
		warnPacked(c.log, r, t.coding)
	}
	return t.n, nil
}

// caused gives the error of a fetch that was ended, by whoever asked for it, the reason of that.
func caused(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	says := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	if cause == nil || errors.Is(err, cause) || !says {
		return err
	}
	return &Error{Kind: KindCancelled, Err: cause}
}

// about puts the URL before an error; there is nothing to name where the URL is empty.
func about(url string, err error) error {
	if url == "" {
		return err
	}
	return fmt.Errorf("%s: %w", source.Redact(url), err)
}

func (c *Client) fetch(ctx context.Context, r Resource, w io.Writer) (*transfer, error) {
	t, invalid := c.newTransfer(r, w)
	name, ok := source.Scheme(r.URL)
	if !ok {
		return t, badRequest(errNotURL)
	}
	i := slices.IndexFunc(schemes[:], func(s scheme) bool { return s.name == name })
	switch {
	case c.Offline && (i < 0 || !schemes[i].local):
		return t, ErrNeedNet
	case i < 0:
		return t, badRequest(fmt.Errorf("unknown scheme %q", name))
	case invalid != nil:
		return t, invalid
	}
	fetch := func() error { return schemes[i].fetch(c, ctx, r, t) }
	if schemes[i].local {
		return t, fetch()
	}
	return t, c.reuse(ctx, r, t, fetch)
}

// Bytes returns the resource, which may have at most limit bytes. It is for content that must be whole to be of use,
// such as keys; Document for what is read.
func (c *Client) Bytes(ctx context.Context, r Resource, limit int64) ([]byte, error) {
	m := &memory{limit: limit}
	if _, err := c.Fetch(ctx, r, m); err != nil {
		return nil, err
	}
	return m.content, nil
}

// A memory is a Sink that holds so much and no more.
type memory struct {
	content []byte
	limit   int64
}

func (m *memory) Write(p []byte) (int, error) {
	if int64(len(m.content))+int64(len(p)) > m.limit {
		return 0, tooLarge(m.limit)
	}
	m.content = append(m.content, p...)
	return len(p), nil
}

// Reset forgets everything.
func (m *memory) Reset() error {
	m.content = m.content[:0]
	return nil
}

func fetchNothing(_ *Client, _ context.Context, _ Resource, to *transfer) error {
	return to.receiveBytes(nil)
}

func fetchData(_ *Client, ctx context.Context, r Resource, to *transfer) error {
	if ctx.Err() != nil {
		return &Error{Kind: KindCancelled, Err: context.Cause(ctx)}
	}
	content, err := decodeData(r.URL)
	if err != nil {
		return badRequest(err)
	}
	return to.receiveBytes(content)
}
