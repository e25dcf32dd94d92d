package main

import (
	"compress/gzip"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// fetches measures what comes over the network beside curl, from a server in this process.
func (b *bench) fetches(figure func(dir, url string) error) error {
	dir := b.path("served")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	files := http.FileServer(http.Dir(dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/far/") {
			time.Sleep(20 * time.Millisecond)
		}
		files.ServeHTTP(w, r)
	}))
	defer server.Close()
	return figure(dir, server.URL)
}

// made writes a file to serve, and gives the digest of what is in it: random bytes, or, packed, a program again and
// again.
func (b *bench) made(path string, size int64, packed bool) (string, error) {
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	block := make([]byte, 1<<20)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(block)
	sum, to := sha512.New(), io.Writer(f)
	var z *gzip.Writer
	if packed {
		if block, err = os.ReadFile(b.program("glowplug")); err != nil {
			return "", err
		}
		z = gzip.NewWriter(f)
		to = z
	}
	for size > 0 {
		block = block[:min(int64(len(block)), size)]
		size -= int64(len(block))
		sum.Write(block)
		if _, err := to.Write(block); err != nil {
			return "", err
		}
	}
	if z != nil {
		err = z.Close()
	}
	return "sha512-" + hex.EncodeToString(sum.Sum(nil)), err
}

// remote makes a config of files.
func remote(entries ...string) string {
	return `{"ignition":{"version":"3.6.0"},"storage":{"files":[` + strings.Join(entries, ",") + `]}}`
}

// beside compares an apply with a line of shell, and its peak memory with a limit in MiB.
func (b *bench) beside(what string, limit float64, config, line string, limitMiB int64) error {
	file, root := b.path("remote.ign"), b.path("root")
	defer os.RemoveAll(root)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return err
	}
	fresh := func() error { return b.fresh(root, false) }
	from := func(name string, args ...string) func() (time.Duration, error) {
		return func() (time.Duration, error) {
			if err := fresh(); err != nil {
				return 0, err
			}
			return timed(name, args...)
		}
	}
	ours := []string{"apply", "--root=" + root, file}
	if err := b.compare(what, limit, from(b.program("glowplug"), ours...),
		from("sh", "-c", "cd "+root+" && "+line)); err != nil {
		return err
	}
	peak, err := b.peak(fresh, b.program("glowplug"), ours...)
	if err == nil {
		b.print("  peak memory, beside the limit", megabytes(peak), megabytes(limitMiB<<20),
			float64(peak)/float64(limitMiB<<20), 1)
	}
	return err
}

func (b *bench) fetchLarge(dir, url string) error {
	digest, err := b.made(filepath.Join(dir, "large"), 1<<30, false)
	if err != nil {
		return err
	}
	defer os.Remove(filepath.Join(dir, "large"))
	config := remote(fmt.Sprintf(`{"path":"/large","contents":{"source":"%s/large","verification":{"hash":"%s"}}}`, url,
		digest))
	return b.beside("1 GiB, sha512, curl | tee | sha512sum", 0.62, config,
		"curl -sf "+url+"/large | tee FILE | sha512sum", 48)
}

func (b *bench) fetchPacked(dir, url string) error {
	if _, err := b.made(filepath.Join(dir, "packed"), 512<<20, true); err != nil {
		return err
	}
	defer os.Remove(filepath.Join(dir, "packed"))
	config := remote(fmt.Sprintf(`{"path":"/packed","contents":{"source":"%s/packed","compression":"gzip"}}`, url))
	return b.beside("512 MiB of gzip, curl | gzip -d", 0.75, config, "curl -sf "+url+"/packed | gzip -d > FILE", 48)
}

// fetchMany fetches from a server that takes 20 ms for each answer.
func (b *bench) fetchMany(dir, url string) error {
	const count = 500
	if err := os.Mkdir(filepath.Join(dir, "far"), 0o700); err != nil {
		return err
	}
	digest, err := b.made(filepath.Join(dir, "far/0"), 64<<10, false)
	if err != nil {
		return err
	}
	var entries []string
	for i := range count {
		name := fmt.Sprintf("far/%d", i)
		if i > 0 {
			if err := os.Link(filepath.Join(dir, "far/0"), filepath.Join(dir, name)); err != nil {
				return err
			}
		}
		entries = append(entries, fmt.Sprintf(`{"path":"/srv/%d/%d",`+
			`"contents":{"source":"%s/%s","verification":{"hash":"%s"}}}`, i%10, i, url, name, digest))
	}
	line := fmt.Sprintf("curl -sf --parallel --parallel-max 16 '%s/far/[0-%d]' -o '#1'", url, count-1)
	return b.beside("500 x 64 KiB, 20 ms away, curl --parallel", 1.1, remote(entries...), line, 48)
}
