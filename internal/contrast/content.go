package contrast

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// contentMost bounds what is unpacked of a content, as for a config that is fetched. Larger ones are compared packed.
const contentMost = 256 << 20

func isResource(s *language.Shape) bool {
	return s.Kind == tree.Object && s.Member("source") != nil && s.Member("compression") != nil
}

// A content is that of a resource.
type content struct {
	tree.Node
	text  []byte
	known bool // it is at hand
}

func contentOf(n tree.Node) (c content) {
	c.Node = n
	url, packing := n.Get("source"), n.Get("compression").Text()
	if !url.Exists() {
		return c
	}
	text := url.Text()
	if text == "" {
		c.known = true
		return c
	}
	c.text, c.known = source.Text(&config.Resource{Source: &text, Compression: &packing}, contentMost)
	return c
}

// identity is the same for resources that mean the same: of what is at hand by what it is, else by where it comes from
// and how it is asked for and checked.
func (c *content) identity() string {
	if c.known {
		return "content " + c.digest()
	}
	hash := strings.ToLower(c.Get("verification").Get("hash").Text())
	id := []string{c.Get("source").Text(), c.Get("compression").Text(), hash}
	var headers []string
	for header := range c.Get("httpHeaders").Children() {
		headers = append(headers, fmt.Sprintf("%q: %q", header.Get("name").Text(), header.Get("value").Text()))
	}
	slices.Sort(headers)
	return fmt.Sprintf("from %t%q", c.Get("source").Exists(), append(id, headers...))
}

func (c *content) digest() string {
	sum := sha256.Sum256(c.text)
	return hex.EncodeToString(sum[:])
}

func (c *content) isText() bool {
	return utf8.Valid(c.text) && !strings.Contains(string(c.text), "\x00")
}

// resource compares contents where they are at hand, and else how they are had.
func (c *comparison) resource(p part, s *language.Shape, was, now tree.Node) {
	a, b := contentOf(was), contentOf(now)
	if a.identity() == b.identity() {
		return
	}
	if !a.known && !b.known {
		c.object(p, s, was, now, "")
		return
	}
	is, will := was.Get("source").Exists(), now.Get("source").Exists()
	v := Value{Effect: effectOf(is, will)}
	texts := p.open && (a.known && a.isText() || !is) && (b.known && b.isText() || !will)
	if is {
		a.show(&v, &v.Was, s, p.open, texts)
	}
	if will {
		b.show(&v, &v.Now, s, p.open, texts)
	}
	if texts {
		v.Lines = report.Difference(string(a.text), string(b.text))
	}
	c.say(p, v)
}

// show puts a content in words: where it comes from, or how large it is and, unless its lines are shown, its digest.
func (c *content) show(v *Value, as *string, s *language.Shape, open, texts bool) {
	switch {
	case !c.known:
		v.show(as, s.Member("source"), c.Get("source"))
	case !open:
		*as, v.Hidden = diag.Redacted, true
	case texts:
		*as = diag.Count(len(c.text), "byte")
	default:
		*as = diag.Count(len(c.text), "byte") + ", sha256 " + c.digest()
	}
}

const (
	othersRead  = 0o004
	othersEnter = 0o001
	// pathMost is longer than any path that a kernel takes (PATH_MAX, linux/limits.h).
	pathMost = 4096
)

// readers tells what everybody may read of what a config makes.
type readers struct{ shut map[string]bool }

// newReaders goes by the modes of directories in the config. Homes are taken for closed, and so is where a link leads.
func newReaders(root tree.Node) readers {
	r := readers{map[string]bool{"/root": true, "/home": true, "/var/home": true, "/var/roothome": true}}
	for user := range root.Get("passwd").Get("users").Children() {
		if home := path.Clean(user.Get("homeDir").Text()); len(home) > 1 {
			r.shut[home] = true
		}
	}
	for dir := range root.Get("storage").Get("directories").Children() {
		if mode, given := modeOf(dir); given && mode&othersEnter == 0 {
			r.shut[path.Clean(dir.Get("path").Text())] = true
		}
	}
	for link := range root.Get("storage").Get("links").Children() {
		r.shut[path.Clean(link.Get("path").Text())] = true
	}
	return r
}

func modeOf(n tree.Node) (mode int64, given bool) {
	mode, err := strconv.ParseInt(n.Get("mode").Text(), 10, 64)
	return mode, err == nil
}

// mayAll: everybody may read the file, if there is one. Without a mode one with contents is made with 0644, and another
// one may be there already: then the mode of that stays.
func (r readers) mayAll(file tree.Node) bool {
	if !file.Exists() {
		return true
	}
	mode, given := modeOf(file)
	if !given && !file.Get("contents").Get("source").Exists() {
		return false
	}
	return (!given || mode&othersRead != 0) && !r.closed(path.Dir(path.Clean(file.Get("path").Text())))
}

// closed tells whether not everybody may go into a directory, or into one above it.
func (r readers) closed(dir string) bool {
	if len(dir) > pathMost {
		return true
	}
	for ; len(dir) > 1; dir = path.Dir(dir) {
		if r.shut[dir] {
			return true
		}
	}
	return r.shut[dir]
}
