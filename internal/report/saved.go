package report

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A Saved is a plan as a program, or a person, has kept it: JSON by the schema.
type Saved struct {
	salt    []byte
	fetched bool
	options []string
	actions []saved
}

// A saved action is compared as a whole, but for what is only there for readers.
type saved struct {
	id, text string // text is what people are told
	whole    string
}

// readersOnly are keys of actions that say nothing of what is done, or what other keys say already.
var readersOnly = []string{"origin", "group", "difference", "secret", "sources"}

// ReadSaved reads a plan. An error says where in the text it is none, or none that can be carried out.
func ReadSaved(name string, text []byte) (*Saved, error) {
	doc := &diag.Document{Name: name, Text: unsafe.String(unsafe.SliceData(text), len(text))}
	top, problem := tree.NewArena().ParseJSON(doc)
	if problem != nil {
		return nil, problem
	}
	r := reader{}
	r.refuse(top)
	version := r.get(top, "version", tree.Number)
	if r.err == nil && version.Text() != strconv.Itoa(Version) {
		r.err = at(version, "the version is %s, and this program reads %d", version.Text(), Version)
	}
	if r.err == nil && !top.Get("salt").Exists() {
		r.err = at(top, "the plan has no digests, as it was made with --no-content or of facts: nobody can tell "+
			"whether it is the same plan")
	}
	salt, digest := r.get(top, "salt", tree.String), r.get(top, digestKey, tree.String)
	actions, conflicts := r.get(top, "actions", tree.List), r.get(top, "conflicts", tree.List)
	if r.err != nil {
		return nil, r.err
	}
	if first := conflicts.First(); first.Exists() {
		return nil, at(first, "something is in the way of this plan, so it cannot be carried out")
	}
	s := &Saved{fetched: top.Get("fetched").Text() == "true"}
	for o := range top.Get("options").Children() {
		s.options = append(s.options, diag.Printable(o.Text()))
	}
	var err error
	if s.salt, err = hex.DecodeString(salt.Text()); err != nil || len(s.salt) < SaltBytes {
		return nil, at(salt, "the salt is no hexadecimal number of %d bytes or more", SaltBytes)
	}
	for a := range actions.Children() {
		s.actions = append(s.actions, r.action(a))
	}
	if r.err == nil && digest.Text() != sum(s.salt, top) {
		r.err = at(digest, "this is another digest than that of the plan: something in the file was changed, and "+
			"shows what is not done")
	}
	return s, r.err
}

// digestKey is the key of the digest over all other keys of a plan.
const digestKey = "digest"

// sum is that digest. It is no signature: whoever changes a plan can make it too, with the salt.
func sum(salt []byte, top tree.Node) string {
	var all strings.Builder
	for _, m := range members(top, digestKey) {
		all.WriteString(strconv.Quote(m.Key()))
		write(&all, m)
	}
	mac := hmac.New(sha256.New, salt)
	_, _ = mac.Write([]byte(all.String())) // which a hash never refuses
	return hex.EncodeToString(mac.Sum(nil))
}

// A reader reads what has to be there, and keeps the first error.
type reader struct{ err error }

// refuse refuses a config, and what has a key twice: of two values, readers may take either.
func (r *reader) refuse(top tree.Node) {
	if top.Kind() == tree.Object && (top.Get("ignition").Exists() || top.Get("variant").Exists()) {
		r.err = at(top, "this is a config, where a plan is wanted")
		return
	}
	r.distinct(top)
}

func (r *reader) distinct(n tree.Node) {
	met := map[string]bool{}
	for each := range n.Children() {
		if n.Kind() == tree.Object {
			if r.err == nil && met[each.Key()] {
				r.err = fmt.Errorf("%s: the key %q is there twice", each.KeyPlace(), each.Key())
			}
			met[each.Key()] = true
		}
		r.distinct(each)
	}
}

func (r *reader) get(from tree.Node, key string, kind tree.Kind) tree.Node {
	found := tree.Node{}
	switch {
	case r.err != nil:
		return found
	case from.Kind() != tree.Object:
		r.err = at(from, "this is %s, where a plan has an object", from.Kind())
		return found
	}
	if found = from.Get(key); !found.Exists() {
		r.err = at(from, "%s is missing", key)
	} else if found.Kind() != kind {
		r.err = at(found, "%s is %s, not %s", key, found.Kind(), kind)
	}
	return found
}

func (r *reader) action(n tree.Node) (s saved) {
	stage, id := r.get(n, "stage", tree.String), r.get(n, "id", tree.String)
	effect, subject := r.get(n, "effect", tree.String), r.get(n, "subject", tree.String)
	if r.err != nil {
		return s
	}
	if !isEffect(effect.Text()) {
		r.err = at(effect, "the effect %q is not known", effect.Text())
	}
	s.id, s.text = stage.Text()+" "+id.Text(), effect.Text()+" "+diag.Printable(subject.Text())
	if detail := n.Get("detail"); detail.Exists() {
		s.text += ": " + diag.OneLine(detail.Text())
	}
	var whole strings.Builder
	write(&whole, n, readersOnly...)
	s.whole = whole.String()
	return s
}

func isEffect(word string) bool {
	for e := plan.Keep; e <= plan.Deferred; e++ {
		if e.String() == word {
			return true
		}
	}
	return false
}

func at(n tree.Node, format string, args ...any) error {
	return fmt.Errorf("%s: "+format, append([]any{n.Place()}, args...)...)
}

// write writes a value the same way however it is laid out, and in whatever order the members of objects are; without
// members of some names.
func write(b *strings.Builder, n tree.Node, without ...string) {
	switch n.Kind() {
	case tree.Object:
		b.WriteByte('{')
		for _, m := range members(n, without...) {
			b.WriteString(strconv.Quote(m.Key()))
			write(b, m, without...)
		}
		b.WriteByte('}')
	case tree.List:
		b.WriteByte('[')
		for each := range n.Children() {
			write(b, each, without...)
			b.WriteByte(',')
		}
		b.WriteByte(']')
	case tree.String:
		b.WriteString(strconv.Quote(n.Text()))
	default:
		b.WriteString(n.Text())
	}
}

// members are those of an object but some, sorted by their names.
func members(n tree.Node, without ...string) []tree.Node {
	all := slices.Collect(n.Children())
	all = slices.DeleteFunc(all, func(m tree.Node) bool { return slices.Contains(without, m.Key()) })
	slices.SortStableFunc(all, func(a, b tree.Node) int { return strings.Compare(a.Key(), b.Key()) })
	return all
}

// Salt is what digests of a plan begin with that is to be compared with this one.
func (s *Saved) Salt() []byte { return s.salt }

// Fetched tells whether the plan was made with what servers have.
func (s *Saved) Fetched() bool { return s.fetched }

// Unlike says with which options the plan was made, and without which, where others are given now; "" where they are
// the same.
func (s *Saved) Unlike(now []string) string {
	var all []string
	for _, each := range []struct {
		word      string
		some, but []string
	}{{"with", s.options, now}, {"without", now, s.options}} {
		names := slices.DeleteFunc(slices.Clone(each.some), func(o string) bool { return slices.Contains(each.but, o) })
		if len(names) > 0 {
			all = append(all, each.word+" "+strings.Join(names, ", "))
		}
	}
	return strings.Join(all, " and ")
}

// differencesMost bounds what is told of two plans that differ.
const differencesMost = 20

// Compare gives the actions in which a plan differs from the saved one, as lines that begin with - or +; none where
// it is the same.
func (s *Saved) Compare(now *Plan) ([]string, error) {
	var text bytes.Buffer
	if err := now.WriteJSON(&text); err != nil {
		return nil, err
	}
	other, err := ReadSaved("the plan", text.Bytes())
	if err != nil {
		return nil, err
	}
	lines := differences(s.actions, other.actions)
	if more := len(lines) - differencesMost; more > 0 {
		lines = append(lines[:differencesMost], fmt.Sprintf("and %d more", more))
	}
	if len(lines) == 0 && !slices.Equal(s.actions, other.actions) {
		lines = []string{"the actions are in another order"}
	}
	return lines, nil
}

// differences shows what one thing was to become beside what it is to become now.
func differences(was, now []saved) (lines []string) {
	left := map[string]int{}
	for _, a := range was {
		left[a.whole]++
	}
	come := map[string][]saved{}
	for _, a := range now {
		if left[a.whole]--; left[a.whole] < 0 {
			come[a.id] = append(come[a.id], a)
		}
	}
	for _, a := range was {
		if left[a.whole]--; left[a.whole] < 0 {
			continue
		}
		lines = append(lines, "- "+a.text)
		for _, b := range come[a.id] {
			lines = append(lines, "+ "+b.beside(a))
		}
		delete(come, a.id)
	}
	for _, a := range now {
		for _, b := range come[a.id] {
			lines = append(lines, "+ "+b.text)
		}
		delete(come, a.id)
	}
	return lines
}

// beside is what people are told of an action that another one of the same words is told of.
func (s saved) beside(other saved) string {
	if s.text == other.text {
		return s.text + " (what is made, or what is there, is another)"
	}
	return s.text
}
