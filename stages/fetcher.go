package stages

import (
	"context"
	"errors"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// documentMax is how large a document may be that a config refers to, or that a platform holds.
const documentMax = tree.TextMax

// A fetcher is the fetch client in the terms of configs: what load and the files stage ask for.
type fetcher struct {
	*fetch.Client
	// where the config has no limit for a resource; 0 for none
	total, idle time.Duration
	// trust keeps authorities until they are needed; nil where each config's are fetched at once
	trust *trust
}

// Configure makes the client fetch by a config's time limits, proxies and trust from now on.
func (f fetcher) Configure(ctx context.Context, ignition config.Ignition) error {
	s := settings(ignition, f.total, f.idle)
	if f.trust != nil {
		return f.trust.configure(ctx, s)
	}
	return f.Client.Configure(ctx, s)
}

// Bytes fetches a document.
func (f fetcher) Bytes(ctx context.Context, r config.Resource) ([]byte, error) {
	if err := f.trust.before(ctx, r); err != nil {
		return nil, err
	}
	return f.Client.Document(ctx, resource(r), documentMax)
}

// write fetches the content of a file.
func (f fetcher) write(ctx context.Context, r config.Resource, to target.Sink) error {
	if err := f.trust.before(ctx, r); err != nil {
		return err
	}
	_, err := f.Client.Fetch(ctx, resource(r), to)
	return err
}

// ready gets the authorities, if they were not needed so far.
func (f fetcher) ready(ctx context.Context) error {
	if f.trust == nil {
		return nil
	}
	return f.trust.get(ctx)
}

// errUnprotected says what is wrong with a redirect that gives up TLS.
var errUnprotected = errors.New("redirected from https to http, where anybody on the way can change it; a digest " +
	"(verification.hash) would tell, or an https URL for where it leads")

// unprotected warns of such redirects, of each resource once, and on the consoles of the first: Ignition follows them.
func (r *run) unprotected() func(url string) error {
	var told sync.Map
	var first sync.Once
	return func(url string) error {
		if _, known := told.LoadOrStore(url, true); known {
			return nil
		}
		text := url + ": " + errUnprotected.Error()
		r.Log.Warn(text)
		if r.Show != nil {
			first.Do(func() { r.Show("ignition: warning: " + text) })
		}
		return nil
	}
}

// clockEpoch is the file by whose date an image says when it was made (systemd(1)).
const clockEpoch = "/usr/lib/clock-epoch"

// Clock is what is known about the time without a look at this machine's clock, which may have stopped long ago.
func Clock() fetch.Clock {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return clockOf(info.Settings, clockEpoch)
}

// clockOf: a program that was not built from a checkout does not know when.
func clockOf(built []debug.BuildSetting, epoch string) (c fetch.Clock) {
	for _, s := range built {
		if s.Key == "vcs.time" {
			c.Built, _ = time.Parse(time.RFC3339, s.Value)
		}
	}
	if info, err := os.Stat(epoch); err == nil {
		c.Epoch = info.ModTime()
	}
	return c
}

func resource(r config.Resource) fetch.Resource {
	out := fetch.Resource{URL: config.Says(r.Source), Gzip: config.Says(r.Compression) == "gzip",
		Digest: config.Says(r.Verification.Hash)}
	for _, h := range r.HTTPHeaders {
		out.Headers = append(out.Headers, fetch.Header{Name: h.Name, Value: diag.Secret(config.Says(h.Value))})
	}
	return out
}

func settings(ignition config.Ignition, total, idle time.Duration) fetch.Settings {
	s := fetch.Settings{
		ResponseHeader: seconds(ignition.Timeouts.HTTPResponseHeaders, fetch.DefaultResponseHeader),
		Total:          seconds(ignition.Timeouts.HTTPTotal, total),
		HTTPProxy:      config.Says(ignition.Proxy.HTTPProxy),
		HTTPSProxy:     config.Says(ignition.Proxy.HTTPSProxy),
		NoProxy:        ignition.Proxy.NoProxy,
	}
	if ignition.Timeouts.HTTPTotal == nil {
		s.Idle = idle
	}
	for _, r := range ignition.Security.TLS.CertificateAuthorities {
		s.Authorities = append(s.Authorities, resource(r))
	}
	return s
}

// seconds reads a time limit. One below zero has passed before it began.
func seconds(n *int, absent time.Duration) time.Duration {
	switch {
	case n == nil:
		return absent
	case *n < 0:
		return 1
	}
	const most = 100 * 365 * 24 * 60 * 60 // a limit of more than a century is none
	return time.Duration(min(*n, most)) * time.Second
}
