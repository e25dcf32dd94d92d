package language

import (
	"fmt"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Features is a set of what an edition has beyond its version, a bit each.
type Features uint64

// An Edition is one version of one of the two notations: what decides which keys there are, and how they are talked of.
type Edition struct {
	Version  config.Version
	Features Features
	// Called is what a document of the edition is called: "a config of version 3.4.0".
	Called string
	// First says what brought a key that the edition has not, and what to do: "version 3.4.0", "set ignition.version to
	// …". Both are "" where no edition of the same Family has it, "the variant flatcar".
	First  func(m *Shape) (what, hint string)
	Family string
	// Odd explains a key that means something elsewhere: in words of its own, or with a hint only.
	Odd func(s *Shape, key string) (message, hint string)
	// Root has every key of the notation.
	Root func() *Shape
	// Folds: keys are taken in any case.
	Folds bool
	// Indents: what is below a key is indented, and merge keys bring members.
	Indents bool
}

// Has reports whether the edition has a member.
func (e *Edition) Has(m *Shape) bool {
	return m.Since <= e.Version && m.Needs&^e.Features == 0
}

// Never reports whether no edition of the family has a member.
func (e *Edition) Never(m *Shape) bool {
	what, _ := e.First(m)
	return what == ""
}

// Find returns the member that the edition has under exactly that name, nil for none.
func (e *Edition) Find(s *Shape, name string) *Shape {
	for i := range s.keys {
		if k := &s.keys[i]; k.name == name && e.Has(k.member) {
			return k.member
		}
	}
	return nil
}

// FindFolded is Find, and failing that finds a member whose name differs in case only, as encoding/json does.
func (e *Edition) FindFolded(s *Shape, name string) (m *Shape, exact bool) {
	if m := e.Find(s, name); m != nil {
		return m, true
	}
	for _, m := range s.Members {
		if strings.EqualFold(m.Name, name) && e.Has(m) {
			return m, false
		}
	}
	return nil, false
}

// Names lists the keys of an object.
func (e *Edition) Names(s *Shape) (known []string) {
	for _, m := range s.Members {
		if e.Has(m) {
			known = append(known, m.Name)
		}
	}
	return known
}

// nest is what the edition has at and below an object.
func (e *Edition) nest(s *Shape, name string) diag.Nest {
	n := diag.Nest{Name: name, Keys: e.Names(s)}
	for _, m := range s.Members {
		switch {
		case !e.Has(m):
		case m.Kind == tree.Object:
			n.Below = append(n.Below, e.nest(m, m.Name))
		case m.Kind == tree.List && m.Item.Kind == tree.Object:
			below := e.nest(m.Item, m.Name)
			below.Items = true
			n.Below = append(n.Below, below)
		}
	}
	return n
}

// UnknownCode is the code of the problem with a key of an object that the edition does not have there, or has in
// another case.
func (e *Edition) UnknownCode(s *Shape, key string) codes.Code {
	if s.Member(key) != nil {
		return codes.KeyTooNew
	}
	if m, _ := e.FindFolded(s, key); m != nil && e.Folds {
		return codes.KeyCase
	}
	return codes.KeyUnknown
}

// Explain says of such a key what is wrong with it, and what somebody may have meant: a key of another edition, of the
// other notation, of a mapping below, or one that is spelled alike.
func (e *Edition) Explain(s *Shape, key string) (message, hint string) {
	switch e.UnknownCode(s, key) {
	case codes.KeyTooNew:
		what, hint := e.First(s.Member(key))
		if what == "" {
			return fmt.Sprintf("%s has no key %q; it is ignored", e.Family, key), ""
		}
		return fmt.Sprintf("the key %q came with %s; in %s it is ignored", key, what, e.Called), hint
	case codes.KeyCase:
		m, _ := e.FindFolded(s, key)
		return fmt.Sprintf("the key %q differs from %q in case; other programs may ignore it", key, m.Name),
			fmt.Sprintf("write %q", m.Name)
	}
	message, hint = e.Odd(s, key)
	if message == "" {
		message = fmt.Sprintf("the key %s is not known here; it is ignored", diag.QuoteKey(key))
	}
	if hint == "" {
		hint = e.another(s, key)
	}
	if hint == "" {
		hint, _ = e.meant(s, key)
	}
	return message, hint
}

// meant says what somebody may have meant by a key that no edition has there. near is the key of that place which is
// spelled alike, if that is it.
func (e *Edition) meant(s *Shape, key string) (hint, near string) {
	known, nest := e.Names(s), e.nest(s, "")
	if home := nest.Home(key); home != "" {
		return home, ""
	}
	if near := diag.Nearest(key, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near) + notation(key, near), near
	}
	if home := nest.NearHome(key); home != "" {
		return home, ""
	}
	return "known keys are " + strings.Join(known, ", "), ""
}

// notation says of a key that is right but for its notation which of the two the text is in.
func notation(key, near string) string {
	bare := func(name string) string { return strings.ReplaceAll(name, "_", "") }
	is, isMeant := strings.Contains(key, "_"), strings.Contains(near, "_")
	switch {
	case is == isMeant || !strings.EqualFold(bare(key), bare(near)):
		return ""
	case isMeant:
		return " keys of documents are spelled like_this"
	}
	return " keys of configs in JSON are spelled likeThis"
}

// Intended gives the key that somebody meant by one that the edition does not have there: the same in another case, or
// the only one that is spelled alike. It gives nil where that is not certain, as where a unit is left out (size for
// size_mib), or where the key may mean something else.
func (e *Edition) Intended(s *Shape, key string) *Shape {
	switch e.UnknownCode(s, key) {
	case codes.KeyTooNew:
		return nil
	case codes.KeyCase:
		m, _ := e.FindFolded(s, key)
		return m
	}
	_, near := e.meant(s, key)
	if message, odd := e.Odd(s, key); message != "" || odd != "" || near == "" || e.meansOther(key, near) {
		return nil
	}
	others := slices.DeleteFunc(e.Names(s), func(name string) bool { return name == near })
	isPart := strings.Contains(near, key) || strings.Contains(key, near)
	if diag.Nearest(key, others) != "" || isPart && near != key+"s" && key != near+"s" {
		return nil
	}
	return s.Member(near)
}

// FixKey gives the fix that writes the key which was meant for a member, if that is certain, its value is of the kind
// that the key takes, and the object has no such key.
func (e *Edition) FixKey(s *Shape, object, member tree.Node) *diag.Fix {
	const many = 100 // members, among which looking for one each time takes too long
	if object.At(many).Exists() {
		return nil
	}
	m := e.Intended(s, member.Key())
	if m == nil || m.Kind != member.Kind() || object.Get(m.Name).Exists() {
		return nil
	}
	return diag.Rewrite(member.KeyPlace(), member.Key(), m.Name)
}

// OfVersion is the edition of configs of a version.
func OfVersion(v config.Version) *Edition {
	return &Edition{
		Version: v, Called: "a config of version " + v.String(), Folds: true, Odd: oddInConfigs(v),
		Root:  Config,
		First: func(m *Shape) (what, hint string) { return "version " + m.Since.String(), SetVersion(m.Since) },
	}
}

// oddInConfigs explains keys of Butane documents in a config.
func oddInConfigs(v config.Version) func(s *Shape, key string) (message, hint string) {
	e := &Edition{Version: v}
	return func(s *Shape, key string) (message, hint string) {
		const escaped = ", with the text escaped as in a URL"
		contents := e.Find(s, "contents")
		switch {
		case key == "variant" && s.Path == "":
			hint = "JSON with ignition.version is a config; leave ignition.version out if it is meant as a " +
				"Butane document"
		case key != "inline" && key != "local":
		case e.Find(s, "source") != nil:
			hint = key + ` is a key of Butane documents; in JSON write "source": "data:,…"` + escaped
		case contents != nil && contents.Kind == tree.Object:
			hint = key + ` is a key of Butane documents; in JSON write "contents": {"source": "data:,…"}` + escaped
		}
		return "", hint
	}
}

// SetVersion is the hint for what came with a version.
func SetVersion(v config.Version) string {
	return "set ignition.version to " + OrNewer(v.String())
}

// OrNewer names a version and those after it. Nothing is after one that is experimental.
func OrNewer(version string) string {
	if strings.Contains(version, "-") {
		return version
	}
	return version + " or newer"
}

// CameWith is the message on a value that came with a later version than the document's.
func CameWith(what string, since, v config.Version) string {
	return fmt.Sprintf("%s came with version %s; version %s does not have it", what, since, v)
}
