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

var (
	errNotFile     = errors.New("not a file as a config spells it")
	errNotAbsolute = errors.New("the path is not absolute")
)

// claimPlatform claims the places of the platform's files.
func (l *Files) claimPlatform() {
	for i, raw := range l.b.State.ProviderOutputFiles {
		f := &platformFile{Claim: target.Claim{ID: fmt.Sprintf("platform-file:%d", i),
			Subject: fmt.Sprintf("file %d of the platform", i), Kind: root.File}}
		switch {
		case json.Unmarshal(raw, &f.File) != nil || f.File.Path == "":
			f.Err = errNotFile // the reason would quote it
		case !strings.HasPrefix(f.File.Path, "/"):
			f.Err = errNotAbsolute
		default:
			f.Claim.Path = f.File.Path
			f.ID, f.Subject = "platform-file:"+f.File.Path, "platform's file "+diag.Name(f.File.Path)
			l.take(&f.Claim)
			f.to = target.File{At: f.At, Want: l.m.PrivateFile(), Trees: true,
				Play: func(ctx context.Context, to target.Output) error { return l.m.play(ctx, f, to) }}
			f.Held = f.to.Held
		}
		l.platform = append(l.platform, f)
	}
}

// play writes contents and appends.
func (m *maker) play(ctx context.Context, f *platformFile, to target.Output) error {
	for _, r := range append([]config.Resource{f.Contents}, f.Append...) {
		if r.Source == nil {
			continue
		}
		if err := m.Play(ctx, r, to); err != nil {
			return err
		}
	}
	return nil
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
