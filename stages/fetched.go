package stages

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"log/slog"
	"sync"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/disks/kind"
)

// A remote is a content that an entry of the config gets from a server.
type remote struct {
	config.Resource
	step   plan.Step // that gets it, as errors about it begin
	secret bool      // a key
}

// remotes lists them, by the entries' places.
func remotes(s config.Storage) map[string][]remote {
	all := map[string][]remote{}
	add := func(r config.Resource, entry plan.Step, at string, secret bool) {
		if target.Local(&r) {
			return
		}
		step := entry
		step.Origin += at
		all[entry.Origin] = append(all[entry.Origin], remote{r, step, secret})
	}
	for i := range s.Files {
		f := &s.Files[i]
		entry := plan.Step{ID: "file:" + f.Path, Subject: "file " + diag.Name(f.Path), Origin: kind.Origin("files", i)}
		add(f.Contents, entry, ".contents", false)
		for k, a := range f.Append {
			add(a, entry, fmt.Sprintf(".append.%d", k), false)
		}
	}
	for i := range s.Luks {
		v := &s.Luks[i]
		add(v.KeyFile, plan.Step{ID: "luks-key:" + v.Name, Subject: "key of luks " + diag.Name(v.Name),
			Origin: kind.Origin("luks", i)}, ".keyFile", true)
	}
	return all
}

// fetchedMost bounds what is kept of all contents, in bytes. Digests are verified all the same.
const fetchedMost = 256 << 20

// A fetched is what was got from servers for a plan. It is in memory and nowhere else.
type fetched struct {
	got map[string]*body // by what the resource is

	one  sync.Mutex
	kept int // bytes
}

// A body is one content.
type body struct {
	config.Resource
	secret bool
	err    error
	n      int64
	sum    hash.Hash // SHA-256 of all of it
	text   []byte    // as far as it is kept
}

// key is the same for resources that give the same bytes.
func key(r *config.Resource) string {
	text, _ := json.Marshal(r) // which has nothing that cannot be written
	return string(text)
}

// width is how many contents are fetched at once.
const width = 8

// fetchAll gets all remote contents, each once. The error joins those of all entries.
func fetchAll(ctx context.Context, from fetcher, wanted map[string][]remote) (*fetched, error) {
	f := &fetched{got: map[string]*body{}}
	each := func(do func(r *remote, at string)) {
		for _, list := range wanted {
			for i := range list {
				do(&list[i], key(&list[i].Resource))
			}
		}
	}
	each(func(r *remote, at string) {
		if f.got[at] == nil {
			f.got[at] = &body{Resource: r.Resource, sum: sha256.New()}
		}
		f.got[at].secret = f.got[at].secret || r.secret
	})
	slots := make(chan struct{}, width)
	var all sync.WaitGroup
	for _, b := range f.got {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			b.err = from.write(ctx, b.Resource, b)
			f.keep(b)
		})
	}
	all.Wait()
	var errs []error
	each(func(r *remote, at string) { errs = append(errs, r.step.Fail(f.got[at].err)) })
	return f, cmp.Or(context.Cause(ctx), errors.Join(errs...))
}

// keep drops a content if there are too many.
func (f *fetched) keep(b *body) {
	f.one.Lock()
	defer f.one.Unlock()
	if f.kept += len(b.text); f.kept > fetchedMost {
		f.kept -= len(b.text)
		b.text = nil
	}
}

// Write keeps what people may see.
func (b *body) Write(text []byte) (int, error) {
	b.sum.Write(text)
	if b.n += int64(len(text)); b.n > target.TextMost {
		b.text = nil
	} else if !b.secret {
		b.text = append(b.text, text...)
	}
	return len(text), nil
}

// Reset starts again.
func (b *body) Reset() error {
	b.n, b.text = 0, nil
	b.sum.Reset()
	return nil
}

// has: the content was fetched, so that others can be compared with it.
func (f *fetched) has(r *config.Resource) bool {
	b := f.body(r)
	return b != nil && b.err == nil
}

// kept: it is in memory.
func (b *body) kept() bool { return !b.secret && int64(len(b.text)) == b.n }

func (f *fetched) body(r *config.Resource) *body {
	if f == nil {
		return nil
	}
	return f.got[key(r)]
}

// size is how long the content is; below 0 where that is not known.
func (f *fetched) size(r *config.Resource) int64 {
	if b := f.body(r); b != nil && b.err == nil {
		return b.n
	}
	return -1
}

// errNotFetched is why a planner gets no content from a server.
var errNotFetched = errors.New("not fetched for a plan")

// write gives a content that was fetched, or that is in the config itself. Of one that is not kept, an output that
// compares gets the digest.
func (f *fetched) write(from fetcher) func(context.Context, config.Resource, target.Sink) error {
	return func(ctx context.Context, r config.Resource, to target.Sink) error {
		switch {
		case target.Local(&r):
			return from.write(ctx, r, to)
		case !f.has(&r):
			return errNotFetched
		}
		b := f.body(&r)
		if b.kept() {
			_, err := to.Write(b.text)
			return err
		}
		if c, is := to.(target.Comparer); is {
			return c.CompareDigest(b.n, b.sum.Sum(nil))
		}
		return errNotFetched
	}
}

// FetchLocal gives the contents that a config itself has, and no other.
func FetchLocal() func(context.Context, config.Resource, target.Sink) error {
	client := fetch.New(slog.New(slog.DiscardHandler), "")
	client.Offline = true
	return (*fetched)(nil).write(fetcher{Client: client})
}

// tell adds to the actions of a plan what they get from servers.
func (f *fetched) tell(p *report.Plan, wanted map[string][]remote) {
	for i := range p.Actions {
		a := &p.Actions[i]
		for _, r := range wanted[a.Origin] {
			if a.ID == r.step.ID {
				a.Sources = append(a.Sources, report.Source{URL: source.Redact(config.Says(r.Source)),
					Digest: config.Says(r.Verification.Hash), Bytes: f.size(&r.Resource)})
			}
		}
	}
}
