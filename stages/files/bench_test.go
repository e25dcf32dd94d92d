package files

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

func inline(_ context.Context, r config.Resource, to target.Sink) error {
	_, err := io.WriteString(to, strings.TrimPrefix(*r.Source, "data:,"))
	return err
}

// BenchmarkApply writes 2,000 inline files of 750 bytes in 40 directories, syncs, and does it again over what is there.
// Where that is, TMPDIR says.
func BenchmarkApply(b *testing.B) {
	var cfg config.Config
	for i := range 2000 {
		source := "data:," + strings.Repeat("x", 750)
		cfg.Storage.Files = append(cfg.Storage.Files, config.File{
			Node:     config.Node{Path: fmt.Sprintf("/srv/d%02d/file-%d", i%40, i)},
			Contents: config.Resource{Source: &source},
		})
	}
	top := b.TempDir()
	run := func(b *testing.B, dir string) {
		root, err := root.Open(dir)
		require.NoError(b, err)
		defer root.Close()
		o := Options{Means: target.Means{Root: root, Fetch: inline,
			Identity: target.Identity{Privileged: os.Geteuid() == 0}}}
		require.NoError(b, apply(cfg, o))
		require.NoError(b, root.Sync())
	}
	n := 0
	for _, again := range []bool{false, true} {
		b.Run(map[bool]string{false: "new", true: "again"}[again], func(b *testing.B) {
			for b.Loop() {
				if n++; !again || n == 1 {
					require.NoError(b, os.Mkdir(filepath.Join(top, fmt.Sprint(n)), 0o755))
				} else if again {
					n--
				}
				run(b, filepath.Join(top, fmt.Sprint(n)))
			}
		})
	}
}
