package unit

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"
)

// A Rule is a line of a preset file (systemd.preset(5)). Of all lines that match a unit the first counts.
type Rule struct {
	Verb    string // enable, disable, ignore
	Pattern string
	// Instances are enabled in place of the default instance of the template that Pattern names.
	Instances []string

	byDefault string // the instance that is meant where Instances says none
	yields    bool   // gives way to a line that enables instances
}

// ParseRule reads a line. ok is false for comments, blank lines and what systemd does not take.
func ParseRule(line string) (r Rule, ok bool) {
	words := strings.Fields(line)
	if len(words) < 2 || !slices.Contains([]string{"enable", "disable", "ignore"}, words[0]) {
		return Rule{}, false
	}
	r = Rule{Verb: words[0], Pattern: words[1]}
	if len(words) == 2 {
		return r, true
	}
	r.Instances = words[2:]
	_, instance, isInstance := SplitInstance(r.Pattern)
	return r, r.Verb == "enable" && isInstance && instance == ""
}

// String gives the line. A template that is enabled without instances ends in a space (docs/peer/engine.md §11.6).
func (r Rule) String() string {
	line := r.Verb + " " + r.Pattern
	if r.Instances != nil {
		line += " " + strings.Join(r.Instances, " ")
	}
	return line
}

// Matches tells whether the pattern, as fnmatch(3) with FNM_NOESCAPE takes it, fits the name of a unit that is no
// instance.
func (r Rule) Matches(name string) bool {
	if !r.isGlob() {
		return r.Pattern == name
	}
	fits, err := path.Match(strings.NewReplacer(`\`, `\\`, "[!", "[^").Replace(r.Pattern), name)
	return fits && err == nil
}

func (r Rule) isGlob() bool { return strings.ContainsAny(r.Pattern, "*?[") }

// lists tells whether the line names instances.
func (r Rule) lists() bool { return strings.Join(r.Instances, "") != "" }

// Decides tells whether the line matches the unit of a wish, and whether it does what is wished.
func (r Rule) Decides(w Wish) (matches, grants bool) {
	name, enables := w.Name, r.Verb == "enable"
	if template, instance, ok := SplitInstance(w.Name); ok {
		name = template
		if r.lists() {
			enables = enables && slices.Contains(r.Instances, cmp.Or(instance, w.Default))
		} else {
			enables = enables && (instance == "" || instance == w.Default)
		}
	}
	return r.Matches(name), enables == w.Enabled
}

// A Wish is what a config says of a unit.
type Wish struct {
	Name    string
	Enabled bool
	Default string // the default instance of its template, "" where there is none or it is not known
}

// Wishes are those of a config, each unit once.
type Wishes []Wish

// of gives the names of the units that are to be enabled, or disabled.
func (all Wishes) of(enabled bool) map[string]bool {
	names := map[string]bool{}
	for _, w := range all {
		if w.Enabled == enabled {
			names[w.Name] = true
		}
	}
	return names
}

// Rules gives the lines of a preset file, in the order of docs/peer/engine.md §11.6. systemd goes through unit files
// when it applies all presets, so of templates it asks for their own name only. Hence the line that enables a template
// lists all instances, the default one too; and where a default instance is to be disabled, there is a line for the
// template as well.
func (all Wishes) Rules() []Rule {
	off, templates := all.of(false), all.templates()
	byKey := map[string]Rule{}
	for name, t := range templates {
		if r, any := t.rule(name); any {
			byKey[name+"-enabled"] = r
		}
	}
	for _, w := range all {
		template, instance, isInstance := SplitInstance(w.Name)
		switch _, isListed := byKey[template+"-enabled"]; {
		case w.Enabled && !isInstance:
			byKey[w.Name+"-enabled"] = Rule{Verb: "enable", Pattern: w.Name}
		case w.Enabled:
		case isInstance && instance == "" && isListed:
			byKey[w.Name+"-enabled "] = Rule{Verb: "disable", Pattern: w.Name, yields: true} // the list comes first
		case isInstance && instance != "" && instance == w.Default && !isListed && !off[template]:
			byKey[template+"-disabled"] = Rule{Verb: "disable", Pattern: template, yields: true}
			fallthrough
		default:
			byKey[w.Name+"-disabled"] = Rule{Verb: "disable", Pattern: w.Name}
		}
	}
	var rules []Rule
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		rules = append(rules, byKey[key])
	}
	return rules
}

// A template is what a config wants of a template's instances.
type template struct {
	alone     bool // the template itself is enabled
	byDefault string
	instances []string
	named     bool // some instance is enabled by its own name
}

// templates collects the instances to be enabled, without those to be disabled: the more exact word counts.
func (all Wishes) templates() map[string]*template {
	off, found := all.of(false), map[string]*template{}
	seen := map[string]bool{}
	for _, w := range all {
		name, instance, ok := SplitInstance(w.Name)
		if !ok || !w.Enabled {
			continue
		}
		t := found[name]
		if t == nil {
			t = &template{byDefault: w.Default}
			found[name] = t
		}
		if instance == "" {
			t.alone, instance = true, w.Default
		} else {
			t.named = true
		}
		if full := Instance(name, instance); instance != "" && !off[full] && !seen[full] {
			seen[full] = true
			t.instances = append(t.instances, instance)
		}
	}
	return found
}

// rule gives the line for a template, if there is one.
func (t *template) rule(name string) (Rule, bool) {
	r := Rule{Verb: "enable", Pattern: name, Instances: t.instances, byDefault: t.byDefault}
	switch {
	case t.alone && !t.named && (t.byDefault == "" || len(t.instances) > 0):
		r.Instances = []string{""}
	case len(t.instances) == 0:
		return Rule{}, false
	}
	return r, true
}

// Instance gives the name of an instance of a template.
func Instance(template, instance string) string {
	ext := path.Ext(template)
	return strings.TrimSuffix(template, ext) + instance + ext
}

// Write gives the text of a preset file in which the wishes hold: rules are added at the end, unless a line that
// matches the unit already says otherwise. If that line names the unit itself it is replaced, else the rule goes before
// it.
func (all Wishes) Write(text string) string {
	p := parsePresets(text)
	p.prune(all)
	for _, r := range all.Rules() {
		p.put(r)
	}
	return p.unless(text)
}

// Append gives the text with the rules that it lacks at its end, and changes nothing else.
func (all Wishes) Append(text string) string {
	p := parsePresets(text)
	there := map[string]bool{}
	for _, line := range p.lines {
		there[line] = true
	}
	for _, r := range all.Rules() {
		if line := r.String(); !there[line] {
			p.lines = append(p.lines, line)
		}
	}
	return p.unless(text)
}

// presets is a preset file that is being edited.
type presets struct {
	lines  []string
	there  map[string]bool // the lines as they were
	rules  map[int]Rule
	exact  map[string]int // by pattern, the first line
	globs  []int
	before map[int][]string // lines to be put before one
	gone   map[int]bool
}

func parsePresets(text string) *presets {
	p := &presets{there: map[string]bool{}, rules: map[int]Rule{}, exact: map[string]int{}, before: map[int][]string{},
		gone: map[int]bool{}}
	if text = strings.TrimSuffix(text, "\n"); text != "" {
		p.lines = strings.Split(text, "\n")
	}
	for i, line := range p.lines {
		p.there[line] = true
		r, ok := ParseRule(line)
		if !ok {
			continue
		}
		p.rules[i] = r
		if _, known := p.exact[r.Pattern]; r.isGlob() {
			p.globs = append(p.globs, i)
		} else if !known {
			p.exact[r.Pattern] = i
		}
	}
	return p
}

// prune takes instances out of lists that are to be disabled, and lines that disable instances which are to be enabled.
func (p *presets) prune(all Wishes) {
	on, off := all.of(true), all.of(false)
	for i, r := range p.rules {
		_, instance, isInstance := SplitInstance(r.Pattern)
		if r.Verb == "disable" && isInstance && instance != "" && on[r.Pattern] {
			p.remove(i)
		}
		left := slices.DeleteFunc(slices.Clone(r.Instances), func(i string) bool { return off[Instance(r.Pattern, i)] })
		switch {
		case len(left) == len(r.Instances):
		case len(left) == 0:
			p.remove(i)
		default:
			r.Instances = left
			p.rules[i], p.lines[i] = r, r.String()
		}
	}
}

func (p *presets) remove(i int) {
	p.gone[i] = true
	if p.exact[p.rules[i].Pattern] == i {
		delete(p.exact, p.rules[i].Pattern)
	}
}

// put sees to it that a rule is the first that matches what it is about.
func (p *presets) put(r Rule) {
	read, ok := ParseRule(r.String())
	isRead := ok && read.Pattern == r.Pattern && (len(read.Instances) == len(r.Instances) || !r.lists())
	if !isRead && p.there[r.String()] {
		return // a name with a blank, which no line of a preset file can say: it is not put there again
	}
	own, isThere := p.exact[r.Pattern]
	for _, i := range p.globs {
		if isThere && own < i {
			break
		}
		if other := p.rules[i]; other.Matches(r.Pattern) && (other.Verb != r.Verb || r.lists()) {
			p.before[i] = append(p.before[i], r.String())
			return
		}
	}
	if !isThere {
		p.lines = append(p.lines, r.String())
		return
	}
	old := p.rules[own]
	if r.yields && old.lists() {
		return
	}
	if merged := r.with(old); old.Verb != r.Verb ||
		strings.TrimSpace(merged.String()) != strings.TrimSpace(old.String()) {
		p.lines[own] = merged.String()
	}
}

// with adds the instances that an older line enables.
func (r Rule) with(old Rule) Rule {
	if r.Verb != "enable" || old.Verb != "enable" || !old.lists() {
		return r
	}
	merged, there := slices.Clone(old.Instances), map[string]bool{"": true}
	for _, i := range merged {
		there[i] = true
	}
	for _, i := range r.Instances {
		if i = cmp.Or(i, r.byDefault); !there[i] {
			merged, there[i] = append(merged, i), true
		}
	}
	r.Instances = merged
	return r
}

// unless gives the text itself where only the end of its last line is missing.
func (p *presets) unless(text string) string {
	if after := p.String(); after != text+"\n" {
		return after
	}
	return text
}

func (p *presets) String() string {
	var b strings.Builder
	for i, line := range p.lines {
		for _, first := range p.before[i] {
			b.WriteString(first + "\n")
		}
		if !p.gone[i] {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
