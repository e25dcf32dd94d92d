//go:build disk

package gpt

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A release is a root of a Debian whose programs are asked about images.
type release struct{ root, image string }

// newest is the Debian with libblkid 2.41.
func newest(t *testing.T) release {
	t.Helper()
	prepare := exec.Command("../accounts/prepare", "trixie")
	prepare.Stderr = os.Stderr
	out, err := prepare.Output()
	require.NoError(t, err)
	root := strings.TrimSpace(string(out))
	file, err := os.CreateTemp(filepath.Join(root, "tmp"), "image")
	require.NoError(t, err)
	require.NoError(t, file.Close())
	t.Cleanup(func() { _ = os.Remove(file.Name()) })
	return release{root, file.Name()}
}

// run gives the lines that one of the release's programs prints about the image.
func (r release) run(t *testing.T, tool string, args ...string) []string {
	t.Helper()
	out, err := exec.Command("chroot", append([]string{r.root, tool}, args...)...).Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 { // blkid found nothing
		require.NoError(t, err)
	}
	return strings.Fields(string(out))
}

func (r release) inside() string { return "/tmp/" + filepath.Base(r.image) }

// put makes the image a device with a content.
func (r release) put(t *testing.T, c content) {
	t.Helper()
	require.NoError(t, os.WriteFile(r.image, nil, 0o600))
	require.NoError(t, os.Truncate(r.image, c.Size))
	f, err := os.OpenFile(r.image, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer f.Close()
	for _, p := range c.Pieces {
		_, err := f.WriteAt(p.Data, p.At)
		require.NoError(t, err)
	}
}

// types are what blkid calls the content of the image.
func (r release) types(t *testing.T) string {
	t.Helper()
	return strings.Join(r.run(t, "blkid", "-p", "-o", "value", "-s", "TYPE", r.inside()), " ")
}

// TestLiveKinds holds what we know against libblkid's own list: there is nothing that it knows and we do not.
func TestLiveKinds(t *testing.T) {
	prepared(t)
	r, dir, made := newest(t), withFiles(t), map[string]bool{}
	for _, c := range append(kinds(), constructed()...) {
		r.put(t, c)
		says, _ := c.ours(t)
		assert.Equal(t, says.Type, r.types(t), c.Name)
		made[says.Type] = true
	}
	for _, m := range makers {
		image := m.make(t, dir)
		says, _ := sample(t, m.name, image).ours(t)
		require.NoError(t, exec.Command("cp", "--sparse=always", image, r.image).Run())
		assert.Equal(t, says.Type, r.types(t), m.name)
		made[says.Type] = true
	}
	known := r.run(t, "blkid", "-k")
	assert.Greater(t, len(known), 70)
	for _, kind := range known {
		assert.True(t, made[kind], "nothing here makes a %s", kind)
	}
}
