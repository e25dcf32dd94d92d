package applies

import (
	"fmt"
	"math/rand/v2"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/tests/parity"
)

// corpus are the configs of the table of problems, wrong and right, and those that verdicts of the peer are recorded
// of.
func corpus() (cases []Case) {
	for _, row := range codes.Rows() {
		for i, text := range []string{row.Show().Wrong, row.Show().Right} {
			cases = append(cases, Case{Name: fmt.Sprintf("example %s %d", row.Code, i), Text: text})
		}
	}
	recorded, err := parity.Corpus()
	if err != nil {
		panic(err) // it is in the repository
	}
	var others []Case
	for _, r := range recorded {
		others = append(others, Case{Name: "recorded " + r.ID, Text: r.Config})
	}
	return append(cases, Share(others, 4)...)
}

// mutated is how many configs are made of the others by chance.
const mutated = 2500

// mutations changes configs in one to three places, by dice that fall the same each time: a value
// becomes one of the table of its field, or that of another place; an entry goes, or is there twice; parts of two
// configs come together.
func mutations(of []Case) (cases []Case) {
	m := mutator{dice: rand.New(rand.NewPCG(16, 1)), values: table()}
	for _, c := range of {
		if object := read(c.Text); object != nil && object["ignition"] != nil {
			m.from = append(m.from, c)
		}
	}
	for i := range mutated {
		c := m.from[m.dice.IntN(len(m.from))]
		object := read(c.Text)
		put(object, []string{"ignition", "version"}, "3.6.0")
		for range 1 + m.dice.IntN(3) {
			m.change(object)
		}
		cases = append(cases, Case{Name: fmt.Sprintf("mutation %d of %s", i, c.Name), Text: write(object)})
	}
	return cases
}

// A mutator changes configs.
type mutator struct {
	dice   *rand.Rand
	values map[string][]any
	from   []Case
}

// change changes one thing.
func (m *mutator) change(object map[string]any) {
	found := places(object)
	p := found[m.dice.IntN(len(found))]
	switch m.dice.IntN(6) {
	case 0:
		if p.path != "ignition" && p.path != "ignition.version" {
			p.remove()
		}
	case 1, 2:
		if values := lookup(m.values, p.path); len(values) > 0 && p.path != "ignition.version" {
			p.set(clone(values[m.dice.IntN(len(values))]))
		}
	case 3: // the value of another place of the same kind
		q := found[m.dice.IntN(len(found))]
		if _, is := q.value.(string); is && fmt.Sprintf("%T", q.value) == fmt.Sprintf("%T", p.value) &&
			p.path != "ignition.version" {
			p.set(q.value)
		}
	case 4: // twice
		if list, is := p.value.([]any); is && len(list) > 0 {
			p.set(append(list[:len(list):len(list)], clone(list[m.dice.IntN(len(list))])))
		}
	default:
		m.graft(object)
	}
}

// graft lays a section of another config over this one, lists after lists.
func (m *mutator) graft(object map[string]any) {
	other := read(m.from[m.dice.IntN(len(m.from))].Text)
	for _, key := range []string{"storage", "passwd", "systemd", "kernelArguments"} {
		if section, is := other[key].(map[string]any); is {
			own, _ := object[key].(map[string]any)
			object[key] = over(own, section)
		}
	}
}

func over(own, section map[string]any) map[string]any {
	if own == nil {
		own = map[string]any{}
	}
	for key, value := range section {
		list, isList := value.([]any)
		if before, is := own[key].([]any); is && isList {
			value = append(before[:len(before):len(before)], list...)
		}
		own[key] = value
	}
	return own
}
