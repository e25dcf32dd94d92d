package load

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// An Opener gives the content of a data: URL, unpacked and held against its digest.
type Opener func(config.Resource) ([]byte, error)

// JSONAt writes the config at a version, older or newer than its own. With an opener, a config inside of it, as a data:
// URL to merge or to replace it with, is brought to that version too where it is of a newer one, and so are those
// inside of that.
//
// The problems are what that version cannot say, and what its rules hold against the config; with an error among them
// there is no JSON. The result must not be used otherwise afterwards.
func (r *Result) JSONAt(v config.Version, pretty bool, open Opener) ([]byte, []diag.Problem) {
	c := converter{to: v, open: open, zip: r.zip, choose: document.ChooseTo}
	out := c.write(r, v, pretty)
	return out, c.problems
}

// Lacks is what JSONAt finds, for somebody who cannot choose another version: choose gives the hint for something that
// came with one. Configs inside of the config are not looked at.
func (r *Result) Lacks(v config.Version, choose func(since config.Version) string) []diag.Problem {
	c := converter{to: v, choose: choose}
	c.write(r, v, false)
	return c.problems
}

// JSON is a valid config as it is, in canonical form. The result must not be used otherwise afterwards.
func (r *Result) JSON(pretty bool) []byte {
	root := r.Config.At("$", tree.Index{})
	root.Get("ignition").Get("version").Become(tree.String, r.Config.Version.String()) // 03.0.0 is 3.0.0
	return document.Encode(root, r.Config.Version, pretty)
}

// A converter brings a config, and the configs inside of it, to a version.
type converter struct {
	to       config.Version
	choose   func(since config.Version) string
	open     Opener
	zip      func(much bool) butane.Zipper // nil leaves contents as they are
	depth    int
	changed  bool // a config inside of the config has changed
	problems []diag.Problem
}

// write gives the JSON of a config at a version, nil where there is none.
func (c *converter) write(r *Result, v config.Version, pretty bool) []byte {
	newest := r.Config.Upgrade().At("$", tree.Index{})
	root := tree.NewArena().Import(newest)
	if c.open != nil {
		c.inside(r, root)
	}
	c.problems = append(append(c.problems, document.Unfit(root, v, c.choose)...),
		c.refused(newest, root, v)...)
	if r.Butane != nil {
		r.Butane.Blame(c.problems)
	}
	if diag.Fatal(c.problems) {
		return nil
	}
	return document.Encode(root, v, pretty)
}

// refused says which values of a config a version does not take that the newest one takes. root is the config as it is
// to be written, newest the same as it was.
func (c *converter) refused(newest, root tree.Node, v config.Version) (unfit []diag.Problem) {
	wrong := errorsAt(root, v)
	first := map[fault]config.Version{}
	for at := config.Newest; at > v && len(wrong) > 0; at-- {
		still := map[fault]bool{}
		for _, p := range errorsAt(tree.NewArena().Import(newest), at) {
			still[fault{p.Code, p.Path}] = true
		}
		for _, p := range wrong {
			if f := (fault{p.Code, p.Path}); !still[f] {
				first[f] = at
			}
		}
	}
	for _, p := range wrong {
		if since, taken := first[fault{p.Code, p.Path}]; taken {
			p.Code, p.Hint, p.Fix = codes.VersionTooOld, c.choose(since), nil
		}
		if p.More == 0 && !strings.Contains(p.Message, v.String()) {
			p.Message = fmt.Sprintf("version %s does not take this: %s", v, p.Message)
		}
		unfit = append(unfit, p)
	}
	return unfit
}

// A fault is what makes one problem the same in two versions.
type fault struct {
	code codes.Code
	path string
}

// errorsAt judges a config, which gets another version, by the rules that every audience goes by.
func errorsAt(root tree.Node, v config.Version) []diag.Problem {
	root.Get("ignition").Get("version").Become(tree.String, v.String())
	doc, problems, _ := document.Decode(root)
	if doc != nil {
		problems = append(problems, rules.Document(doc)...)
	}
	return slices.DeleteFunc(problems, func(p diag.Problem) bool {
		return p.Severity < diag.Error || p.Stricter || p.PeerOnly
	})
}

// inside goes through the configs that a config has in it.
func (c *converter) inside(r *Result, root tree.Node) {
	list := r.Config.Config().Ignition.Config
	of := root.Get("ignition").Get("config")
	c.resource(list.Replace, of.Get("replace"), "$.ignition.config.replace")
	i := 0
	for n := range of.Get("merge").Children() {
		c.resource(list.Merge[i], n, "$.ignition.config.merge."+strconv.Itoa(i))
		i++
	}
}

// resource brings one config to the version, if it is a data: URL. A config that is fetched from elsewhere cannot be
// changed.
func (c *converter) resource(r config.Resource, n tree.Node, path string) {
	src := n.Get("source")
	if scheme, ok := source.Scheme(src.Text()); !ok || scheme != "data" {
		return
	}
	fail := func(message, hint string, related ...diag.Related) {
		c.problems = append(c.problems, diag.Problem{Severity: diag.Error, Code: codes.VersionInside,
			Place: src.Place(), Path: path + ".source", Message: message, Hint: hint, Related: related})
	}
	text, err := c.open(r)
	switch {
	case err != nil:
		fail("the config inside cannot be read: "+err.Error(), "")
		return
	case c.depth == maxDepth:
		fail(fmt.Sprintf("configs are inside of each other more than %d levels deep", maxDepth), "")
		return
	}
	inner := Read(tree.NewArena(), "the config inside", string(text))
	deeper := converter{to: c.to, choose: c.choose, open: c.open, zip: c.zip, depth: c.depth + 1}
	var out []byte
	if inner.Valid(diag.Boot) {
		own := inner.Config.Version
		out = deeper.write(&inner, min(own, c.to), false)
		deeper.changed = deeper.changed || own > c.to || inner.Butane != nil || markOf(inner.Text.Text) != "" ||
			c.unzips(n)
	} else {
		deeper.problems = diag.For(diag.Boot, inner.Problems)
	}
	for _, p := range deeper.problems {
		if p.Severity == diag.Error {
			fail(within(p), p.Hint,
				append([]diag.Related{{Place: p.Place, Path: p.Path, Message: "it is here"}}, p.Related...)...)
		}
	}
	if out != nil && deeper.changed {
		c.changed = true
		c.put(n, strings.TrimSuffix(string(out), "\n"))
	}
}

func within(p diag.Problem) string {
	if p.Path == "" || p.Path == "$" {
		return "in the config inside: " + p.Message
	}
	return "in the config inside, at " + p.Path + ": " + p.Message
}

// unzips: up to 3.0.0 configs to merge were not compressed.
func (c *converter) unzips(n tree.Node) bool {
	return config.Since("ignition.config.merge.*.compression") > c.to && n.Get("compression").Text() != ""
}

// put gives a resource other content, compressed if the old content was. The digest of the old content is removed.
func (c *converter) put(n tree.Node, text string) {
	zipped := n.Get("compression").Text() != "" && !c.unzips(n)
	var zipper butane.Zipper
	if zipped && c.zip != nil {
		zipper = c.zip(false)
	}
	url, compression := butane.DataURL(text, zipper)
	src := n.Get("source")
	src.Become(tree.String, url)
	n.Keep(func(m tree.Node) bool { return m.Key() != "compression" && m.Key() != "verification" })
	if compression != "" {
		n.Append().AddMember("compression", n.Arena().NewString(src, compression))
	}
}
