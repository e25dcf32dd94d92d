package report

import (
	"reflect"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/plan"
)

// A Comparison is in what two plans for one machine differ: in what they do. What both keep, or one keeps and the other
// does not speak of, is no difference, and neither is the order.
type Comparison struct {
	Was, Now *Plan
	Pairs    []Pair
	// What only one of them has.
	Destroyed Only[Loss]
	Conflicts Only[Conflict]
	Notes     Only[string]
}

// Only is what only the first plan has, and what only the second one has.
type Only[T any] struct{ Was, Now []T }

// A Pair is an action that both plans have, and that differs, or one that only one of them has.
type Pair struct {
	Was, Now *Action // nil for none
	// Fields are those of the config's entry in which the configs differ; each entry is told of once.
	Fields []string
	// Changes are from what the first plan leaves at a path to what the second one does.
	Changes []Change
}

// Compare compares plans that were made on the same facts. fields tells in which fields two entries of the configs
// differ, by their origins: not all that they ask for is in a plan, as contents that not everybody may read are not.
func Compare(was, now *Plan, fields func(was, now string) []string) *Comparison {
	c := &Comparison{Was: was, Now: now, Destroyed: only(was.Destroyed(), now.Destroyed(), key[Loss]),
		Conflicts: only(was.Conflicts, now.Conflicts, Conflict.words), Notes: only(was.Notes, now.Notes, key[string])}
	told := map[[2]string]bool{}
	for _, p := range pairs(was.doing(), now.doing()) {
		if p.Was == nil || p.Now == nil {
			c.Pairs = append(c.Pairs, p)
			continue
		}
		p.Changes = between(p.Was.Changes, p.Now.Changes)
		if at := [2]string{p.Was.Origin, p.Now.Origin}; !told[at] {
			told[at], p.Fields = true, fields(p.Was.Origin, p.Now.Origin)
		}
		if len(p.Fields) > 0 || !same(p.Was, p.Now) {
			c.Pairs = append(c.Pairs, p)
		}
	}
	return c
}

// pairs finds what two plans do that is about the same: of several, those that do it in the same words.
func pairs(was, now []*Action) (all []Pair) {
	met := map[*Action]*Action{} // both ways
	for _, by := range []func(*Action) string{func(a *Action) string { return a.about() + "\n" + a.words() },
		(*Action).about} {
		left := map[string][]*Action{}
		for _, b := range now {
			if met[b] == nil {
				left[by(b)] = append(left[by(b)], b)
			}
		}
		for _, a := range was {
			if others := left[by(a)]; met[a] == nil && len(others) > 0 {
				met[a], met[others[0]], left[by(a)] = others[0], a, others[1:]
			}
		}
	}
	for _, a := range was {
		all = append(all, Pair{Was: a, Now: met[a]})
	}
	for _, b := range now {
		if met[b] == nil {
			all = append(all, Pair{Now: b})
		}
	}
	return all
}

// None: the plans do the same, and tell the same.
func (c *Comparison) None() bool {
	return len(c.Pairs) == 0 && c.Destroyed.none() && c.Conflicts.none() && c.Notes.none()
}

// Blocked: something is in the way of one of them, so what would come of it is not known.
func (c *Comparison) Blocked() bool { return len(c.Was.Conflicts)+len(c.Now.Conflicts) > 0 }

func (o Only[T]) none() bool { return len(o.Was)+len(o.Now) == 0 }

func key[T any](v T) T { return v }

// words are what a conflict is, wherever in its config.
func (c Conflict) words() string { return strings.Join(append([]string{c.Message}, c.Hints...), "\n") }

// only finds what only one of two lists has.
func only[T any, K comparable](was, now []T, by func(T) K) (o Only[T]) {
	more := map[K]int{}
	for _, each := range now {
		more[by(each)]++
	}
	for _, each := range was {
		if more[by(each)]--; more[by(each)] < 0 {
			o.Was = append(o.Was, each)
		}
	}
	for _, each := range slices.Backward(now) {
		if more[by(each)]--; more[by(each)] >= 0 {
			o.Now = append(o.Now, each)
		}
	}
	slices.Reverse(o.Now)
	return o
}

// doing are the actions that change something.
func (p *Plan) doing() (all []*Action) {
	for i := range p.Actions {
		if a := &p.Actions[i]; a.Effect != plan.Keep {
			all = append(all, a)
		}
	}
	return all
}

// about is the same for actions of two plans that are about the same. What numbers an ID has is where an entry stands.
func (a *Action) about() string {
	kind, _, _ := strings.Cut(a.ID, ":")
	if strings.HasPrefix(kind, "$") {
		kind = ""
	}
	return string(a.Stage) + "\n" + kind + "\n" + a.Subject
}

// same compares all that is told of two actions, but for where the config asks for them, and for the devices that they
// are about by other names: partitions are told of themselves.
func same(a, b *Action) bool {
	alike := func(a Action) Action {
		a.ID, a.Thing, a.Origin, a.Digest, a.Made, a.On = "", "", "", "", nil, nil
		return a
	}
	return reflect.DeepEqual(alike(*a), alike(*b))
}

// between are the changes from what some leave to what others do at the same paths.
func between(was, now []Change) (all []Change) {
	at := map[string]*Change{}
	for i := range was {
		at[was[i].Path] = &was[i]
	}
	for i := range now {
		b := &now[i]
		a := at[b.Path]
		if a == nil {
			continue
		}
		c := Change{Path: b.Path, Was: a.Now, Now: b.Now, Texts: a.Texts && b.Texts, WasText: a.NowText,
			NowText: b.NowText, Sizes: a.Sizes && b.Sizes && a.Now.Size != b.Now.Size}
		if c.Was != c.Now || c.Texts && c.WasText != c.NowText {
			all = append(all, c)
		}
	}
	return all
}
