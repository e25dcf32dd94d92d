package stages

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A Request is a config that somebody wants something of, away from a boot, and how it is read.
type Request struct {
	Name string // what the config is called in messages
	Text []byte
	// Rendered: it is what a fetch stage has left, which is judged, and has all that it is merged of.
	Rendered  bool
	Documents load.Options // how a Butane document is read: where its local files are
	Audience  diag.Audience
	Offline   bool // fetch nothing
	Late      bool // fetch certificate authorities only where something is fetched by them
	// Idle is how long a server may send nothing where the config sets no time for a resource; 0 is for ever.
	Idle time.Duration
	// Unprivileged: whoever runs this is not root.
	Unprivileged bool
	Version      string // told to servers
	Log          *slog.Logger
	Report       func([]diag.Problem) // hears what is wrong with the config
}

// load reads the config and all that it is merged of. What files hold is not fetched.
func (r *Request) load(ctx context.Context) (*document.Document, fetcher, error) {
	from := r.fetcher()
	loader := load.Loader{Arena: tree.NewArena(), Audience: r.Audience, Fetcher: from, Report: r.Report}
	defer load.PaceCollector(r.Text)()
	doc, err := r.read(&loader)
	if err == nil {
		err = from.Configure(ctx, doc.Config().Ignition)
	}
	if err == nil && !r.Rendered {
		doc, err = loader.Render(ctx, doc)
	}
	if errors.Is(err, fetch.ErrNeedNet) {
		err = fmt.Errorf("%w, which --offline forbids", err)
	}
	return doc, from, err
}

func (r *Request) fetcher() fetcher {
	client := fetch.New(r.Log, r.Version)
	client.Clock = Clock()
	client.Unprotected = func(string) error { return errUnprotected } // the URL stands before it already
	client.Offline = r.Offline
	from := fetcher{Client: client, idle: r.Idle}
	if r.Late {
		from.trust = &trust{client: client, had: map[string]bool{}}
	}
	return from
}

// advised adds to an error about rights who has them, where whoever runs this is somebody else.
func (r *Request) advised(err error) error {
	if !r.Unprivileged || !errors.Is(err, fs.ErrPermission) || len(diag.Hints(err)) > 0 {
		return err
	}
	return diag.WithHint(err, "run it as root, or as a user who has the right to this")
}

func (r *Request) read(l *load.Loader) (*document.Document, error) {
	if r.Rendered {
		return rendered(l.Arena, &diag.Document{Name: r.Name, Text: string(r.Text)})
	}
	return l.DocumentWith(r.Name, r.Text, r.Documents)
}
