package butane

import (
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// contents is the feature of resources whose content is in the document or in local files (docs/peer/butane.md §4).
func contents() feature {
	f := feature{needs: inlineFiles, check: contentRules}
	f.objects = map[string]func(*translation, *cursor.At, tree.Node){}
	for _, r := range []struct {
		path   string
		inline language.Features
	}{
		{"ignition.config.merge.*", localFiles}, {"ignition.config.replace", localFiles},
		{"ignition.security.tls.certificate_authorities.*", localFiles},
		{"storage.files.*.append.*", inlineFiles}, {"storage.files.*.contents", inlineFiles},
		{"storage.luks.*.key_file", localFiles},
	} {
		f.fields = append(f.fields,
			language.Sugar{Path: r.path + ".inline", Kind: "string", Needs: r.inline,
				Line: "The content itself, instead of a source.", Secret: true},
			language.Sugar{Path: r.path + ".local", Kind: "string", Needs: localFiles,
				Line: "A local file with the content, instead of a source."})
		f.objects[r.path] = content
	}
	return f
}

// contentRules looks for resources with more than one content, and judges configs to merge.
func contentRules(t *translation) { wellSourced(t, t.shape, t.top) }

func wellSourced(t *translation, s *language.Shape, a *cursor.At) {
	if s.Kind == tree.List {
		for item := range a.Items() {
			wellSourced(t, s.Item, item)
		}
		return
	}
	for _, m := range s.Members {
		if m.Key != "" && (len(m.Members) > 0 || m.Item != nil && len(m.Item.Members) > 0) {
			if next := a.Key(m.Name); next.Set() {
				wellSourced(t, m, next)
			}
		}
	}
	if s.Member("inline") == nil {
		return
	}
	oneSource(a, t.Peer && !t.has(localFiles))
	from := a.Key("inline")
	if isConfig(s) && from.Set() && !a.Key("local").Set() && !a.Key("source").Set() {
		t.inner(t, a, from, from.Text())
	}
}

// isConfig: the resource is a config to merge.
func isConfig(s *language.Shape) bool { return strings.HasPrefix(s.Path, "ignition.config.") }

// oneSource reports a resource with more than one content; an empty text is content too. The problem is at the first of
// them. inlineFirst: Butane put it at inline before there were local files.
func oneSource(a *cursor.At, inlineFirst bool) {
	names := []string{"source", "inline", "local"}
	if inlineFirst {
		names[0], names[1] = names[1], names[0]
	}
	var set []*cursor.At
	for _, name := range names {
		if a.Key(name).Set() {
			set = append(set, a.Key(name))
		}
	}
	if len(set) > 1 {
		set[0].Errorf(codes.SourceTwice, "only one of inline, local and source can give the content").
			Advise("remove %s, or %s", set[0].Name(), set[1].Name()).See(set[1], "it is given here too")
	}
}

// content gives a resource of the config the content that the document has for it. Without compression the config says
// so: one that is merged over another would else take over the compression of the other.
func content(t *translation, a *cursor.At, resource tree.Node) {
	from, text := a.Key("inline"), ""
	switch local := a.Key("local"); {
	case from.Set():
		text = from.Text()
	case !local.Set():
		return
	default:
		var ok bool
		if text, ok = t.locals.read(local); !ok {
			return
		}
		if from = local; strings.HasPrefix(a.Path(), "$.ignition.config.") {
			t.inner(t, a, local, text)
		}
	}
	e := t.embed(from.Node(), text, a.Key("compression").Text())
	if e.told {
		resource.Keep(func(c tree.Node) bool { return c.Key() != "compression" })
	}
	e.add(resource.Append())
}

// An embedded is content of a document, as a data: URL.
type embedded struct {
	t           *translation
	from        tree.Node // the text, or the name of the local file
	url         string
	compression string
	told        bool // the config says how it is compressed
}

// embed makes the shortest data: URL of a text. A text that is said to be compressed already is not compressed again.
func (t *translation) embed(from tree.Node, text, compression string) embedded {
	e := embedded{t: t, from: from, told: compression == "" && t.has(shortURLs)}
	if t.ready != nil {
		if made, ok := t.ready()[from]; ok {
			e.url, e.compression = made.url, made.compression
			return e.noted()
		}
	}
	if t.urls == nil {
		t.urls = &urlMaker{base64: t.has(shortURLs)}
		if t.Zip != nil {
			t.urls.zipper = t.Zip(false)
		}
	}
	e.url, e.compression = t.urls.url(text, e.told && t.has(gzip))
	return e.noted()
}

// noted says which content need not be unpacked to judge it.
func (e embedded) noted() embedded {
	if e.compression != "" {
		if e.t.packed == nil {
			e.t.packed = map[string]bool{}
		}
		e.t.packed[e.url] = true
	}
	return e
}

// add puts the URL, and how it is compressed, into a resource of the config.
func (e embedded) add(members *tree.Appender) {
	members.AddMember("source", e.t.Scalar(e.from, tree.String, e.url))
	if e.told {
		members.AddMember("compression", e.t.Scalar(e.from, tree.String, e.compression))
	}
}

// ahead begins to make the URLs of files on all processors: compressing is most of the work on a large document.
func (t *translation) ahead() {
	const worthIt = 1 << 20
	var from []tree.Node
	var texts []string // taken here, because the arena grows while the work is done
	size := 0
	for file := range t.top.To("storage", "files").Items() {
		contents := file.Key("contents")
		if text := contents.Key("inline"); text.Set() && contents.Key("compression").Text() == "" {
			from = append(from, text.Node())
			texts = append(texts, text.Text())
			size += len(text.Text())
		}
	}
	if size < worthIt || !t.has(gzip) || t.Zip == nil || t.failed() {
		return
	}
	made := make([]embedded, len(from))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			m := &urlMaker{base64: true, zipper: t.Zip(true)}
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
