package page

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
)

// hostile is a plan in which everything that a machine, a config or a server may have a say in is the same text.
func hostile(text string, noun report.Noun, effect plan.Effect, size int64) *report.Plan {
	node := report.Node{Kind: text, Link: text, Mode: size, UID: -1, GID: size}
	layout := func(sizes ...int64) *report.Layout {
		l := &report.Layout{Bytes: size, Holds: text}
		for i, s := range sizes {
			l.Partitions = append(l.Partitions, report.Partition{Number: i, Label: text, Start: s, Size: size - s,
				Node: text})
		}
		return l
	}
	all := report.Action{ID: text, Noun: noun, Thing: text, Effect: effect, Subject: text, Detail: text, Origin: text,
		Group: text, On: []report.Device{{Name: text, Node: text}, {Name: "/dev/vda", Node: text}},
		Made: []string{text + "1"}, Loses: []report.Loss{{Where: text, What: text}},
		Outcomes: []report.Outcome{{Found: text, Verdict: text}}, Before: layout(1, size), After: layout(size/2, 0),
		Changes: []report.Change{{Path: text, Was: node, Now: report.Node{Link: text}, Texts: true, WasText: text,
			NowText: text + "\n" + text}, {Path: "/" + text, Was: node, Now: node, Secret: true}},
		Sources: []report.Source{{URL: text, Digest: text, Bytes: size}}}
	p := &report.Plan{Notes: []string{text}, Options: []string{text}, Fetched: true,
		Conflicts: []report.Conflict{{Message: text, Origin: text, Place: text, Hints: []string{text}}}}
	for _, stage := range []report.Stage{report.Arguments, report.Disks, report.Mount, report.Files} {
		a := all
		a.Stage = stage
		p.Actions = append(p.Actions, a)
		a.Group, a.After, a.Changes = "", nil, a.Changes[:1]
		p.Actions = append(p.Actions, a)
	}
	return p
}

// names and values that a page may have; every element and attribute has to be one of them.
var (
	mayBe = strings.Fields("html head title meta style body header nav main footer section h1 h2 h3 p ul ol li table " +
		"thead tbody tr th td details summary span strong small code pre ins del a")
	mayHave = strings.Fields("lang charset name content http-equiv id href scope open aria-label aria-labelledby " +
		"class colspan")
	classes = regexp.MustCompile(`^([a-z]+|g[1-9][0-9]?|g100)( ([a-z]+|g[1-9][0-9]?|g100))*$`)
	links   = regexp.MustCompile(`^#s[0-9]+$`)
)

// intrusion is what of a page is none of the generator's: an element, an attribute, a link or a class.
func intrusion(n *html.Node) string {
	if n.Type == html.CommentNode {
		return "a comment: " + n.Data
	}
	if n.Type == html.ElementNode && (!slices.Contains(mayBe, n.Data) || n.Namespace != "") {
		return "the element " + n.Data
	}
	for _, a := range n.Attr {
		switch {
		case !slices.Contains(mayHave, a.Key),
			a.Key == "class" && !classes.MatchString(a.Val), a.Key == "href" && !links.MatchString(a.Val):
			return "the attribute " + a.Key + "=" + a.Val
		}
	}
	for c := range n.ChildNodes() {
		if found := intrusion(c); found != "" {
			return found
		}
	}
	return ""
}

// count is how many elements a page has. Of two plans that differ in their texts only, it is the same.
func count(n *html.Node) (all int) {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode {
			all++
		}
	}
	return all
}

func FuzzNothingOfAPlanBecomesAnElement(f *testing.F) {
	for _, text := range []string{"", "<script>alert(1)</script>", `" onload="x`, "' style='x", "</style><img src=x>",
		"</title><b>", "<!-- ", "]]>", "-->", "&lt;b&gt;", "&#60;b&#62;", "a/b//c/../<i>", "\x00<\x00b>", "\xff\xfe<b>",
		"\u202e\u2028<b>", "-<del>\n+<ins>", "<svg><style><b>", "<plaintext>", "</pre></code>\n<table><form>", "\r\n\t",
		strings.Repeat("/d", 300), "＜b＞", "javascript:x", "{{.}}"} {
		for noun := report.Other; noun <= report.Argument; noun++ {
			f.Add(text, uint8(noun), uint8(noun)%5, int64(1)<<(uint(noun)*5))
		}
	}
	f.Fuzz(func(t *testing.T, text string, noun, effect uint8, size int64) {
		p := hostile(text, report.Noun(noun)%(report.Argument+1), plan.Effect(effect)%(plan.Deferred+1), size)
		page := written(t, p)
		top, err := html.Parse(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		if found := intrusion(top); found != "" {
			t.Fatalf("%q: %s", text, found)
		}
		if shown := diag.Lines(page); shown != page {
			t.Fatalf("%q: something in the page cannot be seen", text)
		}
		// That the parser had nothing to mend: each element is in the text as often as in the tree.
		if opened := len(regexp.MustCompile("<[a-z]").FindAllString(page, -1)); opened != count(top) {
			t.Fatalf("%q: %d elements are written, and %d are read", text, opened, count(top))
		}
	})
}

func TestIntrusionsAreFound(t *testing.T) {
	for _, page := range []string{"<img>", "<p onclick=x>", "<p style=x>", "<a href=javascript:x>", "<p class='a <'>",
		"<!-- x -->", "<svg><a>"} {
		top, err := html.Parse(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		if intrusion(top) == "" {
			t.Error(page)
		}
	}
}
