package stages

import (
	"context"
	"slices"
	"sync"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/source"
)

// A trust keeps the certificate authorities of a config that servers have, until something is fetched that may need
// them: a plan that asks no server has no use for them.
type trust struct {
	client  *fetch.Client
	one     sync.Mutex
	wanting fetch.Settings  // with authorities that are not fetched; without any where there are none
	failed  error           // why they cannot be had
	had     map[string]bool // URLs of authorities that were fetched, which the client keeps
}

// configure puts settings into force, but for authorities that a server has.
func (t *trust) configure(ctx context.Context, s fetch.Settings) error {
	t.one.Lock()
	defer t.one.Unlock()
	remote := slices.ContainsFunc(s.Authorities, func(r fetch.Resource) bool {
		return isRemote(&config.Resource{Source: &r.URL}) && !t.had[r.URL]
	})
	if before := t.wanting.Authorities; !remote && (len(s.Authorities) > 0 || len(before) == 0) {
		t.wanting = fetch.Settings{}
		return t.client.Configure(ctx, s)
	} else if !remote {
		t.wanting = s
		t.wanting.Authorities = before // an empty list leaves the one before in force
	} else {
		t.wanting, t.failed = s, nil
	}
	s.Authorities = nil
	return t.client.Configure(ctx, s)
}

// get fetches the authorities, once.
func (t *trust) get(ctx context.Context) error {
	t.one.Lock()
	defer t.one.Unlock()
	if t.failed != nil || len(t.wanting.Authorities) == 0 {
		return t.failed
	}
	if t.failed = t.client.Configure(ctx, t.wanting); t.failed != nil {
		return t.failed
	}
	for _, r := range t.wanting.Authorities {
		t.had[r.URL] = true
	}
	t.wanting = fetch.Settings{}
	return nil
}

// before gets the authorities where a resource is fetched over TLS. A server without it may lead there, so they are
// fetched for it too; where they cannot be had, it shows whether it does.
func (t *trust) before(ctx context.Context, r config.Resource) error {
	if t == nil || t.client.Offline {
		return nil
	}
	switch scheme, _ := source.Scheme(config.Says(r.Source)); scheme {
	case "", "data", "tftp":
		return nil
	case "http":
		_ = t.get(ctx)
		return context.Cause(ctx)
	}
	return t.get(ctx)
}

// wants: there are authorities that are not fetched.
func (t *trust) wants() bool {
	t.one.Lock()
	defer t.one.Unlock()
	return len(t.wanting.Authorities) > 0
}

// note says that there are authorities that were not fetched.
func (t *trust) note() []string {
	if !t.wants() {
		return nil
	}
	note := "certificate authorities: " + diag.Count(len(t.wanting.Authorities), "entry") + " of the config, "
	if t.failed != nil {
		return []string{note + "which cannot be had, and nothing was fetched over TLS: " + t.failed.Error()}
	}
	return []string{note + "not fetched, as nothing was fetched over TLS"}
}

// authoritiesFail is the conflict of authorities that cannot be had.
func authoritiesFail(err error) error {
	return plan.Step{ID: "authorities", Subject: "certificate authorities",
		Origin: "$.ignition.security.tls.certificateAuthorities"}.Fail(err)
}
