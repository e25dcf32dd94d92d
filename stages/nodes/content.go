package nodes

import (
	"context"
	"io"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/target"
)

// obtain writes all parts of a file to out, in order.
func (m *maker) obtain(ctx context.Context, n *node, out target.Output) error {
	for _, p := range n.sources {
		if err := m.Play(ctx, p.Resource, out); err != nil {
			return plan.Step{ID: n.ID, Subject: n.Subject, Origin: p.origin}.Fail(err)
		}
	}
	return nil
}

// misfit refuses to write content that is in the config itself and not what its digest or compression says.
func (n *node) misfit(e plan.Effect, contents *source.Judge) error {
	if e == plan.Keep {
		return nil
	}
	for i := range n.sources {
		p := &n.sources[i]
		if wrong := contents.Misfits(&p.Resource); wrong != nil {
			return plan.Step{ID: n.ID, Subject: n.Subject, Origin: p.origin}.Fail(wrong.Fault)
		}
	}
	return nil
}

// local tells whether the content can be had without asking anybody.
func (n *node) local() bool {
	for i := range n.sources {
		r := &n.sources[i].Resource
		if !target.Local(r) && (n.fetched == nil || !n.fetched(r)) {
			return false
		}
	}
	return true
}

// comparable tells whether the content can be compared with a file without asking anybody.
func (n *node) comparable() bool { return !n.digestless() || n.local() }

// digestless: the config has no digest of the whole content.
func (n *node) digestless() bool {
	_, given := n.digest()
	return !given
}

// holds tells whether the file at n, which is there, has the content that n asks for. A digest of the whole content
// saves getting it.
func (m *maker) holds(ctx context.Context, n *node) (bool, error) {
	f, err := m.Plain().Open(n.At, false)
	if err != nil {
		return false, err
	}
	defer f.Close()
	return m.fileHolds(ctx, n, f)
}

// fileHolds is holds for a file that is open.
func (m *maker) fileHolds(ctx context.Context, n *node, f target.Content) (bool, error) {
	if d, given := n.digest(); given {
		got, err := target.Ask(f, n.query(0), func() (target.Likeness, error) { return digestMatches(f, d) })
		return got == target.Equal, err
	}
	if n.Overwrite && !n.local() {
		// Getting it to compare, and again to write it, would double the traffic of every first run.
		return false, nil
	}
	got, err := target.Compare(f, n.query(0), func(out target.Output) error { return m.obtain(ctx, n, out) })
	return n.complete(got), err
}

// digest gives the digest of the whole content, if the config has one.
func (n *node) digest() (d source.Digest, given bool) {
	if len(n.sources) != 1 || config.Says(n.sources[0].Verification.Hash) == "" {
		return d, false
	}
	d, fault := source.ParseDigest(config.Says(n.sources[0].Verification.Hash), config.Newest)
	return d, fault == nil
}

// query asks how a file compares with the content, from a byte of the file on.
func (n *node) query(from int64) target.Query { return target.Query{Of: n.Origin, From: from} }

// digestMatches reads a file once, whatever its size.
func digestMatches(f io.Reader, d source.Digest) (target.Likeness, error) {
	h := d.New()
	if _, err := io.Copy(h, f); err != nil {
		return target.Undecided, err
	}
	if d.Matches(h.Sum(nil)) {
		return target.Equal, nil
	}
	return target.Unequal, nil
}

// text gives the content as a text, where it is known and short.
func (m *maker) text(n *node) (string, bool) {
	if len(n.sources) == 0 || !n.local() || m.Fetch == nil {
		return "", false
	}
	var b bounded
	err := m.obtain(context.Background(), n, &b)
	return string(b.text), err == nil
}

// bounded keeps a content of up to target.TextMost bytes.
type bounded struct {
	text []byte
	mark int
}

func (b *bounded) Write(text []byte) (int, error) {
	if len(b.text)+len(text) > target.TextMost {
		return 0, target.ErrDecided
	}
	b.text = append(b.text, text...)
	return len(text), nil
}

// Mark begins a part.
func (b *bounded) Mark() { b.mark = len(b.text) }

// Reset starts the part again.
func (b *bounded) Reset() error {
	b.text = b.text[:b.mark]
	return nil
}
