package butane

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// An embedded is content that a document brings along, as a data: URL.
type embedded struct {
	t           *translation
	from        tree.Node // the text, or the name of the local file
	url         string
	compression string
	told        bool // the config says how it is compressed
}

// content makes the data: URL of a resource that has its content in the document or in a local file.
func (t *translation) content(s *language.Shape, a *at) embedded {
	if s.Member("inline") == nil {
		return embedded{}
	}
	for _, name := range []string{"inline", "local"} {
		from := a.key(name)
		if !from.set() {
			continue
		}
		text := from.text()
		if name == "local" {
			var ok bool
			if text, ok = t.readLocal(from); !ok {
				return embedded{}
			}
			t.localConfig(from, text)
		}
		return t.embed(from.node, text, a.key("compression").text())
	}
	return embedded{}
}

// embed makes the shortest data: URL of a text (docs/peer/butane.md §4). What somebody says is compressed already is
// not compressed again. That no compression is told matters too: a config that is merged over another would inherit
// one.
func (t *translation) embed(from tree.Node, text, compression string) embedded {
	e := embedded{t: t, from: from, told: compression == "" && t.Spec > config.V3_0}
	if t.ready != nil {
		if made, ok := t.ready()[from]; ok {
			e.url, e.compression = made.url, made.compression
			return e
		}
	}
	if t.urls == nil {
		t.urls = &urlMaker{base64: t.Spec > config.V3_0, zipper: t.zipper(false)}
	}
	e.url, e.compression = t.urls.url(text, e.told && t.compresses())
	return e
}

// A Zipper compresses a text in the format of gzip. Where a size settles whether that is worth it, any way of
// compressing will do. What it gives is valid until the next call.
type Zipper interface {
	Zip(text string, settles func(size int) bool) []byte
}

// A urlMaker makes data: URLs.
type urlMaker struct {
	base64 bool   // in base64, if that is shorter
	zipper Zipper // nil for none
}

// DataURL makes the shortest data: URL of a text, in gzip if there is a zipper and it is shorter; compression says so.
func DataURL(text string, z Zipper) (url, compression string) {
	return (&urlMaker{base64: true, zipper: z}).url(text, z != nil)
}

// url makes the shortest data: URL, compressed if that may be and is worth it.
func (m *urlMaker) url(text string, mayZip bool) (url, compression string) {
	percent := escapedLen(text)
	if !m.base64 {
		return "data:," + escape(text, percent), ""
	}
	best := len(";base64") + base64.StdEncoding.EncodedLen(len(text))
	encode := best < percent
	best = min(best, percent)
	if mayZip && m.zipper != nil && best > shortestZip {
		z := m.zipper.Zip(text, func(size int) bool {
			near := best / 10
			return zippedLen(size) < best-near || zippedLen(size) > best+near
		})
		if zippedLen(len(z)) < best {
			return "data:;base64," + base64.StdEncoding.EncodeToString(z), "gzip"
		}
	}
	if encode {
		return "data:;base64," + base64.StdEncoding.EncodeToString([]byte(text)), ""
	}
	return "data:," + escape(text, percent), ""
}

// shortestZip: no gzip stream is shorter than its frame, which is not worth trying for less than this many characters.
const shortestZip = 40

// zippedLen is what compressed content costs: its URL, and the word that says so.
func zippedLen(size int) int {
	return len(";base64") + base64.StdEncoding.EncodedLen(size) + len("gzip")
}

// zipper is nil where content stays as it is.
func (t *translation) zipper(much bool) Zipper {
	if t.Zip == nil {
		return nil
	}
	return t.Zip(much)
}

// ahead begins to make the URLs of files on all processors: compressing is most of the work on a large document.
func (t *translation) ahead() {
	const worthIt = 1 << 20
	var from []tree.Node
	var texts []string // taken here, because the arena grows while the work is done
	size := 0
	for file := range t.top.key("storage", "files").items() {
		contents := file.key("contents")
		if text := contents.key("inline"); text.set() && contents.key("compression").text() == "" {
			from = append(from, text.node)
			texts = append(texts, text.text())
			size += len(text.text())
		}
	}
	if size < worthIt || !t.compresses() || t.Zip == nil {
		return
	}
	made := make([]embedded, len(from))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			m := &urlMaker{base64: true, zipper: t.zipper(true)}
			for i := int(next.Add(1)) - 1; i < len(from); i = int(next.Add(1)) - 1 {
				made[i].url, made[i].compression = m.url(texts[i], true)
			}
		})
	}
	t.ready = sync.OnceValue(func() map[tree.Node]embedded {
		workers.Wait()
		all := make(map[tree.Node]embedded, len(from))
		for i, n := range from {
			all[n] = made[i]
		}
		return all
	})
}

// escapes says how many bytes a byte becomes in a data: URL: itself where it is one of the unreserved ones of RFC 2396.
var escapes = func() (n [256]uint8) {
	for i := range n {
		n[i] = 3
	}
	for _, c := range []byte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.!~*'()") {
		n[c] = 1
	}
	return n
}()

func escapedLen(text string) int {
	n := 0
	for i := range len(text) {
		n += int(escapes[text[i]])
	}
	return n
}

// escape writes every byte that is not unreserved as %XX.
func escape(text string, size int) string {
	const digits = "0123456789ABCDEF"
	b := make([]byte, 0, size)
	for i := range len(text) {
		if c := text[i]; escapes[c] == 1 {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}

func (e embedded) exists() bool { return e.from.Exists() }

// compressed: what the document says of compression gives way to what is told here.
func (e embedded) compressed() bool { return e.exists() && e.told }

// add puts the URL, and how it is compressed, into a resource of the config.
func (e embedded) add(members *tree.Appender) {
	if !e.exists() {
		return
	}
	members.AddMember("source", e.t.tracer.Scalar(e.from, tree.String, e.url))
	if e.told {
		members.AddMember("compression", e.t.tracer.Scalar(e.from, tree.String, e.compression))
	}
}

// localPath finds a local file's name in Files. Where a name leads is a matter of its text; links are followed later.
func (t *translation) localPath(a *at, name string) (string, bool) {
	if t.Files == nil {
		p := a.errorf(codes.NoFilesDir, "there are no local files here")
		p.Hint = "say with --files-dir in which folder they are"
		if t.AtBoot {
			p.Message = "a local file is named, but a machine that boots has none"
			p.Hint = "convert the document with `glowplug convert` where the file is, and give the machine the result"
		}
		return "", false
	}
	prefix := strings.TrimSuffix(t.FilesDir, "/") + "/"
	if t.Peer {
		prefix = t.FilesDir + "/" // so that nothing lies in the root directory
	}
	joined := path.Join(t.FilesDir, name)
	if joined+"/" == prefix || joined == t.FilesDir {
		return ".", true
	}
	if !strings.HasPrefix(joined, prefix) {
		a.errorf(codes.LocalEscapes, fmt.Sprintf("the path %q leads out of the folder of local files",
			name)).Hint = "copy the file into the folder"
		return "", false
	}
	return joined[len(prefix):], true
}

// readLocal reads the local file that a field names.
func (t *translation) readLocal(a *at) (string, bool) {
	name, ok := t.localPath(a, a.text())
	if !ok {
		return "", false
	}
	text, err := t.readFile(name)
	if err != nil {
		unreadable(a, "file", a.text(), err)
		return "", false
	}
	return text, true
}

// rememberLocal keeps the text of a local file, for problems within it. It may have secrets anywhere.
func (t *translation) rememberLocal(a *at, text string) {
	if t.opened == nil {
		t.opened = map[tree.Node]*diag.Document{}
	}
	hidden := func() []diag.Span { return []diag.Span{{Start: 0, End: len(text)}} }
	t.opened[a.node] = &diag.Document{Name: a.text(), Text: text, Secrets: hidden}
}

// maxLocals is how much all local files of a document may hold together.
const maxLocals = 1 << 30

// readFile reads a local file, as long as there is room for it.
func (t *translation) readFile(name string) (string, error) {
	if t.locals > maxLocals {
		return "", fmt.Errorf("the local files of the document have more than %d MiB together", maxLocals>>20)
	}
	text, err := fs.ReadFile(t.Files, name)
	t.locals += len(text)
	return string(text), err
}

// unreadable reports that a local file or folder cannot be read.
func unreadable(a *at, kind, name string, err error) {
	a.errorf(codes.LocalUnreadable,
		fmt.Sprintf("the local %s %q: %s", kind, name, quiet(err))).Hint = strings.Join(diag.Hints(err), "; ")
}

// quiet drops the operation and the path from an error of a file system.
func quiet(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// localKeys adds the public keys in local files to a user's.
func (t *translation) localKeys(a *at, user tree.Node) {
	files := a.key("ssh_authorized_keys_local")
	if files.count() == 0 {
		return
	}
	if t.Files == nil {
		t.localPath(files, "")
		return
	}
	keys := user.Get("sshAuthorizedKeys")
	if !keys.Exists() {
		keys = t.tracer.List(files.node)
		user.Append().AddMember("sshAuthorizedKeys", keys)
	}
	list := keys.Append()
	for file := range files.items() {
		text, ok := t.readLocal(file)
		if !ok {
			continue
		}
		for line := range strings.SplitSeq(text, "\n") {
			if line = strings.TrimSuffix(line, "\r"); line != "" {
				list.Add(t.tracer.Scalar(file.node, tree.String, line))
			}
		}
	}
}

// inner judges a config to merge that is part of the document.
func (t *translation) inner(resource *at) {
	from := resource.key("inline")
	if !from.set() || resource.key("local").set() || resource.key("source").set() {
		return
	}
	if t.Peer {
		t.innerPeer(resource, from)
		return
	}
	t.innerOwn(from, from.text())
}

// localConfig judges a config to merge that comes from a local file. The peer means to, but does not.
func (t *translation) localConfig(a *at, text string) {
	if strings.HasPrefix(a.path(), "$.ignition.config.") && !t.Peer {
		t.innerOwn(a, text)
	}
}

// innerOwn judges by the rules of whichever version the config is of. At boot it will be fetched like any other and
// judged again, so that what is wrong here is not the end of it.
func (t *translation) innerOwn(a *at, text string) {
	if t.Inner == nil {
		return
	}
	name := "the config to merge"
	if a.trail.Name == "local" {
		name = a.text()
	}
	inset := func() *tree.Inset { return nil }
	if a.trail.Name != "local" && !a.node.Aliased() {
		inset = sync.OnceValue(a.node.Inset)
	}
	for _, p := range t.Inner(name, text) {
		if p.More > 0 {
			p.Stricter = p.Stricter || p.Severity == diag.Error
			t.problems.Add(p)
			continue
		}
		where := ""
		if p.Path != "" && p.Path != "$" {
			where = " at " + p.Path
		}
		q := t.report(p.Severity, p.Code, a.path(), a.place(), "in the config to merge"+where+": "+p.Message)
		q.Hint, q.Stricter, q.Laxer, q.PeerOnly = p.Hint, p.Stricter || p.Severity == diag.Error, p.Laxer, p.PeerOnly
		q.Related = append([]diag.Related{{Place: p.Place, Path: p.Path, Message: "it is here"}}, p.Related...)
		q.Inside = &diag.Inside{Text: text, Span: p.Place.Span}
		if in := inset(); in != nil && p.Place.Doc != nil && p.Place.Doc.Text == text {
			q.Inside.Place, _ = in.Place(p.Place.Span)
			q.Inside.Note = "it is in the config to merge that begins here"
		}
	}
}

// innerPeer judges as the peer does: by the version that comes out and no other, with places that mean nothing.
func (t *translation) innerPeer(resource, from *at) {
	doc := &diag.Document{Name: "inline", Text: from.text()}
	root, problem := tree.NewArena().ParseJSON(doc)
	var problems []diag.Problem
	if problem == nil {
		v, wrong := document.DetectVersion(root)
		switch {
		case wrong == nil && v != t.Spec, wrong != nil && wrong.Code == codes.VersionUnknown:
			path := resource.path() + ".version"
			t.report(diag.Warning, codes.InlineVersion, path, resource.place(),
				"the config to merge is of another version, and is not looked at").PeerOnly = true
			return
		case wrong != nil && wrong.Code == codes.WrongType:
			problem = wrong
		case wrong != nil:
			problems = append(problems, *wrong)
			setText(root, t.Spec.String())
		}
	}
	if problem != nil {
		t.unreadableInner(from, problem.Message)
		return
	}
	out, wrong, ignored := document.Decode(root)
	if len(wrong) > 0 {
		t.unreadableInner(from, wrong[0].Message)
		return
	}
	if out != nil && t.Rules != nil {
		problems = append(problems, t.Rules(out)...)
	}
	for _, p := range diag.For(diag.Peer, append(problems, ignored...)) {
		t.report(p.Severity, codes.InlineInvalid, p.Path, from.place(), p.Message).PeerOnly = true
	}
}

// unreadableInner says twice that a config to merge cannot be read, as the peer does.
func (t *translation) unreadableInner(from *at, why string) {
	t.report(diag.Error, codes.InlineInvalid, "", from.place(), why).PeerOnly = true
	from.errorf(codes.InlineInvalid, "the config to merge cannot be read").PeerOnly = true
}

// setText writes a version into a config that has none that can be read.
func setText(root tree.Node, version string) {
	ignition := root.Get("ignition")
	if !ignition.Exists() {
		ignition = root.Arena().NewObject(root)
		root.Append().AddMember("ignition", ignition)
	}
	if v := ignition.Get("version"); v.Exists() {
		v.Become(tree.String, version)
		return
	}
	ignition.Append().AddMember("version", root.Arena().NewString(root, version))
}
