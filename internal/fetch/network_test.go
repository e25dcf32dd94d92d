package fetch

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A trouble is what a network does to a client, on virtual time. Times are since the beginning. All may be absent.
type trouble struct {
	what string
	// name answers a question for the address of the server; without it that is "server", at once.
	name func(at time.Duration) (address string, takes time.Duration, err error)
	// refuses says why there is no connection to an address.
	refuses func(at time.Duration, address string) error
	// roundTrip is how long a byte and its answer are on the way.
	roundTrip time.Duration
	// lost is the share of packets that have to be sent again, once more for each time that they are lost.
	lost float64
	// reset is how much of an answer comes before the connection is reset; 0 for all.
	reset int
	// resets is how many connections that happens to; 0 for all.
	resets int
	// noByte is when no byte comes through, on any connection.
	noByte [2]time.Duration

	settings Settings
	unmarked bool   // the server does not mark its content, so that the rest of it cannot be asked for
	says     string // what the fetch ends with; "" for the content
}

const (
	troubledBody = 1 << 20
	troubledRuns = 10 // with other packets lost, and other pauses
	// A packet that is lost is sent again after this time, and after twice that and so on (RFC 6298 §2.4, §5.5; Linux
	// has less than the second that this wants).
	sentAgain = 200 * time.Millisecond
	packet    = 16 << 10
)

func unreachable(at time.Duration, _ string) error {
	if at < time.Minute {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}
	}
	return nil
}

func gone(address string, after time.Duration) func(time.Duration, string) error {
	return func(at time.Duration, to string) error {
		if to == address && at >= after {
			return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		}
		return nil
	}
}

var (
	twoMinutes = Settings{ResponseHeader: DefaultResponseHeader, Total: 2 * time.Minute}
	byProxy    = Settings{ResponseHeader: DefaultResponseHeader, Total: 2 * time.Minute,
		HTTPProxy: "http://proxy.test:1"}
)

var troubles = []trouble{
	{what: "30 % of packets are lost", lost: 0.3, settings: twoMinutes},
	{what: "an answer takes 5 s", roundTrip: 5 * time.Second, settings: twoMinutes},
	{what: "an answer takes 11 s, a second more than the limit for headers", roundTrip: 11 * time.Second,
		settings: twoMinutes, says: "timeout awaiting response headers"},
	{what: "100 resets in the body, within 10 minutes", reset: troubledBody / 101, resets: 100,
		settings: Settings{ResponseHeader: DefaultResponseHeader, Total: 10 * time.Minute}},
	{what: "100 resets in the body, within 2 minutes", reset: troubledBody / 101, resets: 100, settings: twoMinutes,
		says: "connection reset by peer"},
	{what: "a reset in each body, of a server that does not mark it", reset: troubledBody / 8, settings: twoMinutes,
		unmarked: true, says: "connection reset by peer"},
	{what: "3 resets in a body that the server does not mark", reset: troubledBody / 2, resets: 3,
		settings: twoMinutes, unmarked: true},
	{what: "the name takes 5 s", settings: twoMinutes,
		name: func(time.Duration) (string, time.Duration, error) { return "server", 5 * time.Second, nil }},
	{what: "the name is not known for 30 s", settings: twoMinutes,
		name: func(at time.Duration) (string, time.Duration, error) {
			if at < 30*time.Second {
				return "", 0, &net.DNSError{Err: "no such host", Name: "config.test", IsNotFound: true}
			}
			return "server", 0, nil
		}},
	{what: "nobody answers for names", settings: twoMinutes,
		name: func(time.Duration) (string, time.Duration, error) {
			return "", 10 * time.Second, &net.DNSError{Err: "i/o timeout", Name: "config.test", IsTimeout: true}
		}, says: "config.test"},
	{what: "for 30 s the name leads to a machine that refuses", settings: twoMinutes, refuses: gone("wrong", 0),
		name: func(at time.Duration) (string, time.Duration, error) {
			if at < 30*time.Second {
				return "wrong", 0, nil
			}
			return "server", 0, nil
		}},
	{what: "the server moves while the body comes, and its name with it 20 s later", reset: troubledBody / 2, resets: 1,
		settings: twoMinutes, refuses: gone("server", time.Millisecond), roundTrip: time.Millisecond,
		name: func(at time.Duration) (string, time.Duration, error) {
			if at < 20*time.Second {
				return "server", 0, nil
			}
			return "another", 0, nil
		}},
	{what: "the proxy dies while the body comes, and is back after 30 s", reset: troubledBody / 2, resets: 1,
		settings: byProxy,
		refuses: func(at time.Duration, address string) error {
			if at > 30*time.Second {
				return nil
			}
			return gone("server", time.Millisecond)(at, address)
		}, roundTrip: time.Millisecond},
	{what: "the proxy dies while the body comes, for good", reset: troubledBody / 2, resets: 1,
		settings: byProxy,
		refuses:  gone("server", time.Millisecond), roundTrip: time.Millisecond, says: "connection refused"},
	{what: "the link is down for the first 60 s", settings: twoMinutes, refuses: unreachable},
	{what: "the link is down for 60 s while the body comes", settings: twoMinutes, roundTrip: time.Second,
		noByte: [2]time.Duration{2500 * time.Millisecond, 62500 * time.Millisecond}, lost: 0.1},
	{what: "the link is down for good", settings: twoMinutes,
		refuses: func(time.Duration, string) error { return unreachable(0, "") }, says: "network is unreachable"},
}

// outcome is what came of the runs of one trouble.
type outcome struct {
	fetched, told, requests int
	most                    time.Duration
	came                    int64 // bytes, with the headers of answers
}

// Whatever the network does, a fetch ends within its limit: with the content, or with the reason.
func TestANetworkThatFails(t *testing.T) {
	content := noise(troubledBody)
	var table strings.Builder
	table.WriteString("| what the network does | fetches | with the content | with the reason | requests at most | " +
		"time at most | bytes that came, for one of the content |\n|---|---|---|---|---|---|---|\n")
	for _, trouble := range troubles {
		var all outcome
		for run := range troubledRuns {
			one := trouble.run(t, content, uint64(run))
			all.fetched, all.told = all.fetched+one.fetched, all.told+one.told
			all.requests, all.most, all.came = max(all.requests, one.requests), max(all.most, one.most),
				max(all.came, one.came)
		}
		assert.Equal(t, troubledRuns, all.fetched+all.told, trouble.what)
		fmt.Fprintf(&table, "| %s | %d | %d | %d | %d | %.0f s | %.1f |\n", trouble.what, troubledRuns, all.fetched,
			all.told, all.requests, all.most.Seconds(), float64(all.came)/troubledBody)
	}
	inPage(t, "../../docs/reliability.md", "table: networks", table.String())
}

// run fetches once, from a server that holds the content.
func (b trouble) run(t *testing.T, content []byte, seed uint64) (got outcome) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := quiet()
		random := rand.New(rand.NewPCG(18, seed))
		c.jitter = func(most time.Duration) time.Duration { return time.Duration(random.Int64N(int64(most) + 1)) }
		start := time.Now()
		var requests, came atomic.Int64
		stop := inMemory(c, func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			if !b.unmarked {
				w.Header().Set("ETag", `"1"`)
			}
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		})
		defer stop()
		c.dial = b.over(c.dial, start, seed, &came)
		require.NoError(t, c.Configure(t.Context(), b.settings))
		body, err := c.Bytes(t.Context(), Resource{URL: "http://config.test/large", Digest: digestOf(content)},
			troubledBody)
		got = outcome{requests: int(requests.Load()), most: time.Since(start), came: came.Load()}
		assert.LessOrEqual(t, got.most, b.settings.Total+time.Second, b.what)
		switch {
		case b.says != "":
			assert.ErrorContains(t, err, b.says, b.what)
			assert.ErrorContains(t, err, b.settings.Total.String(), b.what)
			got.told++
		case assert.NoError(t, err, b.what):
			assert.True(t, bytes.Equal(content, body), b.what)
			got.fetched++
		}
	})
	return got
}

// over puts the trouble between a client and the server that it dials.
func (b trouble) over(dial func(context.Context, string, string) (net.Conn, error), start time.Time,
	seed uint64, came *atomic.Int64) func(context.Context, string, string) (net.Conn, error) {
	connections := 0
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		address := "server"
		if b.name != nil {
			found, takes, err := b.name(time.Since(start))
			time.Sleep(takes)
			if err != nil {
				return nil, &net.OpError{Op: "dial", Net: network, Err: err}
			}
			address = found
		}
		if b.refuses != nil {
			if err := b.refuses(time.Since(start), address); err != nil {
				return nil, err
			}
		}
		time.Sleep(b.roundTrip)
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		connections++
		r := &road{Conn: conn, trouble: b, start: start, came: came,
			random: rand.New(rand.NewPCG(seed, uint64(connections))), left: -1}
		if b.reset > 0 && (b.resets == 0 || connections <= b.resets) {
			r.left = b.reset
		}
		return r, nil
	}
}

// A road is one connection through a trouble, as the client has it.
type road struct {
	net.Conn
	trouble
	start  time.Time
	came   *atomic.Int64
	random *rand.Rand
	left   int // bytes until it is reset; -1 for no end
	asked  atomic.Int64
}

// Write sends a request, whose answer takes its time.
func (r *road) Write(p []byte) (int, error) {
	r.asked.Store(int64(time.Since(r.start) + r.roundTrip))
	return r.Conn.Write(p)
}

// Read gives a packet, when it has come.
func (r *road) Read(p []byte) (int, error) {
	p = p[:min(len(p), packet)]
	if r.left == 0 {
		_ = r.Conn.Close()
		return 0, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	}
	if r.left > 0 {
		p = p[:min(len(p), r.left)]
	}
	n, err := r.Conn.Read(p)
	r.came.Add(int64(n))
	if r.left > 0 {
		r.left -= n
	}
	time.Sleep(time.Duration(r.asked.Load()) - time.Since(r.start))
	for again := sentAgain; r.lost > 0 && r.random.Float64() < r.lost; again *= 2 {
		time.Sleep(again)
	}
	if at := time.Since(r.start); at >= r.noByte[0] && at < r.noByte[1] {
		time.Sleep(r.noByte[1] - at)
	}
	return n, err
}
