package accounts

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// thousandUsers is a config of so many users, all in one group, some of them system accounts.
func thousandUsers(n int) Wanted {
	hash := diag.Secret("$6$saltsalt$hashhashhashhashhashhashhashhashhashhashhashhash")
	w := Wanted{Groups: []Group{{Name: "everyone"}}}
	for i := range n {
		w.Users = append(w.Users, User{Name: fmt.Sprintf("user%04d", i), Groups: []string{"everyone", "sudo"},
			Password: &hash, System: i%10 == 0})
	}
	return w
}

func BenchmarkThousandUsers(b *testing.B) {
	want := thousandUsers(1000)
	for b.Loop() {
		_, err := Apply(debian(), want, 20000, CurrentTools)
		require.NoError(b, err)
	}
}

// BenchmarkThousandUsersAgain finds nothing to do.
func BenchmarkThousandUsersAgain(b *testing.B) {
	want := thousandUsers(1000)
	have := debian()
	r, err := Apply(have, want, 20000, CurrentTools)
	require.NoError(b, err)
	for path, text := range r.Files {
		have[path] = text
	}
	for b.Loop() {
		_, err := Apply(have, want, 20001, CurrentTools)
		require.NoError(b, err)
	}
}

func BenchmarkEightThousandUsers(b *testing.B) {
	want := thousandUsers(8000)
	for b.Loop() {
		_, err := Apply(debian(), want, 20000, CurrentTools)
		require.NoError(b, err)
	}
}

// BenchmarkWriteFiles writes what BenchmarkThousandUsers makes, once, as host does: aside, synced, renamed.
func BenchmarkWriteFiles(b *testing.B) {
	r, err := Apply(debian(), thousandUsers(1000), 20000, CurrentTools)
	require.NoError(b, err)
	dir := b.TempDir()
	for b.Loop() {
		for path, text := range r.Files {
			at := filepath.Join(dir, filepath.Base(path))
			f, err := os.Create(at + "+")
			require.NoError(b, err)
			_, err = f.WriteString(text.Reveal())
			require.NoError(b, err)
			require.NoError(b, f.Sync())
			require.NoError(b, f.Close())
			require.NoError(b, os.Rename(at+"+", at))
		}
	}
}
