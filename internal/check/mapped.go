package check

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/load"
)

// A mapping says which file, or the files of which folder, stand for what is fetched.
type mapping struct {
	url    string // in its usual form; of a folder it ends in a slash
	file   string // or the folder
	folder bool
}

// Maps are the files and folders that stand for what is fetched.
type Maps []mapping

// MapWords says what the option of the maps takes.
const MapWords = "take FILE for what URL gives, or what is in DIR for what is below URL/; nothing is ever fetched; " +
	"may be given several times"

// Take takes URL=FILE, or URL/=DIR. URLs may have equals signs.
func (m *Maps) Take(value string) error {
	at := strings.LastIndexByte(value, '=')
	if at <= 0 || at == len(value)-1 {
		return cli.Misuse("write URL=FILE, or URL/=DIR")
	}
	from, known := usual(value[:at])
	if !known {
		return cli.Misuse("%q is no URL of something that is fetched", value[:at])
	}
	*m = append(*m, mapping{from, value[at+1:], strings.HasSuffix(value[:at], "/") &&
		strings.HasSuffix(from, "/")})
	return nil
}

// usual gives a URL in the form by which it is compared: what means the same to a server is the same. A fragment is
// sent to none.
func usual(raw string) (form string, known bool) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme == "" || u.Scheme == "data" || u.Host == "" && u.Opaque == "" {
		return "", false
	}
	u.Scheme, u.Host, u.Fragment, u.RawFragment = strings.ToLower(u.Scheme), strings.ToLower(u.Host), "", ""
	for scheme, port := range map[string]string{"http": ":80", "https": ":443", "tftp": ":69"} {
		if u.Scheme == scheme {
			u.Host = strings.TrimSuffix(u.Host, port)
		}
	}
	if u.Path == "" && u.Opaque == "" {
		u.Path = "/"
	}
	u.RawPath = "" // escapes that need not be
	return u.String(), true
}

// lacking is the error of a folder, or several, that stand for what is below a URL and lack what is asked for.
type lacking struct{ error }

func (l lacking) Unwrap() error { return l.error }

// open gives what stands for a URL; nil for nothing. A mapping of a file counts before those of folders, and of several
// the first one that has it.
func (all Maps) open(raw string) (content io.ReadCloser, name string, err error) {
	at, known := usual(raw)
	if !known {
		return nil, "", nil
	}
	for _, m := range all {
		if m.url == at && !m.folder {
			return opened(m.file, func() (*os.File, error) { return load.OpenRegular(m.file) })
		}
	}
	for _, m := range all {
		below, is := strings.CutPrefix(at, m.url)
		if !is || below == "" || !m.folder {
			continue
		}
		if unescaped, wrong := url.PathUnescape(below); wrong == nil {
			below = unescaped
		} else {
			continue
		}
		info, wrong := os.Stat(m.file)
		if wrong == nil && !info.IsDir() {
			wrong = syscall.ENOTDIR
		}
		if wrong != nil {
			return opened(m.file, func() (*os.File, error) { return nil, wrong })
		}
		content, file, wrong := opened(m.file+"/"+below, func() (*os.File, error) { return load.OpenIn(m.file, below) })
		if !errors.Is(wrong, fs.ErrNotExist) && !errors.Is(wrong, syscall.ENOTDIR) {
			return content, file, wrong
		}
		if err == nil {
			name = file
			err = lacking{diag.WithHint(wrong, "have the file there, or map only what is below a longer URL")}
		}
	}
	return nil, name, err
}

// fetched is open for what a config has fetched that is no config: of that a folder need not have all.
func (all Maps) fetched(raw string) (io.ReadCloser, error) {
	content, _, err := all.open(raw)
	if errors.As(err, new(lacking)) {
		return nil, nil
	}
	return content, err
}

// isMapped tells whether a path is that of a file that stands for what is fetched. All are absolute.
func isMapped(maps Maps, path string) bool {
	if !slices.ContainsFunc(maps, func(m mapping) bool {
		return path == m.file || strings.HasPrefix(path, m.file+string(filepath.Separator))
	}) {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// opened has errors say the name, once.
func opened(name string, open func() (*os.File, error)) (io.ReadCloser, string, error) {
	name = filepath.Clean(filepath.FromSlash(name))
	f, err := open()
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	if err != nil {
		return nil, name, fmt.Errorf("%s: %w", name, err)
	}
	return f, name, nil
}
