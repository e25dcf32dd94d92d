package leave

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// A platformFile is one that the platform wants in the root, such as what a hypervisor told the machine. It replaces
// what is there, and only root may read it.
type platformFile struct {
	target.Claim
	config.File
	to target.File
}

var errNotFile = errors.New("not a file as a config spells it")

// claimPlatform claims the places of the platform's files.
func (l *Files) claimPlatform() {
	for i, raw := range l.b.State.ProviderOutputFiles {
		f := &platformFile{Claim: target.Claim{ID: fmt.Sprintf("platform-file:%d", i),
			Subject: fmt.Sprintf("file %d of the platform", i), Kind: root.File}}
		l.platform = append(l.platform, f)
		if f.Err = f.read(raw); f.Err != nil {
			continue
		}
		f.ID, f.Subject = "platform-file:"+f.Claim.Path, "platform's file "+diag.Name(f.Claim.Path)
		want, err := l.m.platformAttrs(&f.File.Node)
		if f.Err = err; err != nil {
			continue
		}
		l.take(&f.Claim)
		f.to = target.File{At: f.At, Of: f.ID, Want: want, Trees: true, Remote: l.m.Fetch == nil || !f.local(),
			Play: func(ctx context.Context, to target.Output) error { return l.m.play(ctx, f, to) }}
		f.Held = f.to.Held
	}
}

// read takes a file as the state has it.
func (f *platformFile) read(raw json.RawMessage) error {
	switch {
	case json.Unmarshal(raw, &f.File) != nil || f.File.Path == "":
		return errNotFile // the reason would quote it
	case !strings.HasPrefix(f.File.Path, "/"):
		return target.ErrNotAbsolute
	case f.Contents.Source == nil:
		return target.ErrNoContents
	}
	f.Claim.Path = f.File.Path
	return nil
}

// platformAttrs are the attributes of a platform's file. It may have an owner: by id, as a platform knows no accounts.
func (m *maker) platformAttrs(n *config.Node) (root.Attrs, error) {
	want := m.PrivateFile()
	if m.NoOwner {
		return want, nil
	}
	uid, gid, err := target.Owners(n, nil, nil)
	if err != nil {
		return want, err
	}
	if uid >= 0 {
		want.UID = uid
	}
	if gid >= 0 {
		want.GID = gid
	}
	return want, m.MaySet(uid, gid)
}

// local tells whether the file can be had without asking anybody.
func (f *platformFile) local() bool {
	for i := range f.Append {
		if !target.Local(&f.Append[i]) {
			return false
		}
	}
	return target.Local(&f.Contents)
}

// play writes contents and appends.
func (m *maker) play(ctx context.Context, f *platformFile, to target.Output) error {
	err := m.Play(ctx, f.Contents, to)
	for i := 0; i < len(f.Append) && err == nil; i++ {
		if f.Append[i].Source != nil {
			err = m.Play(ctx, f.Append[i], to)
		}
	}
	return err
}

func (l *Files) planPlatform() (steps plan.Plan) {
	for _, f := range l.platform {
		s := f.Step()
		if f.Err != nil {
			l.fail(s.Fail(f.Err))
			continue
		}
		if err := l.m.Fill(&s, l.t, f.to); err != nil {
			l.fail(s.Fail(err))
			continue
		}
		s.Detail = "0600"
		steps = append(steps, s)
	}
	return steps
}
