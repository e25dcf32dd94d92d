package facts

import (
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/cmdline"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// A CommandLine is the kernel's: names, and whether it has what the config names. Of values it has those that say
// nothing secret.
type CommandLine struct {
	Arguments []Argument `json:"arguments"`
	// Has tells of the arguments that the config wants, and of those that it does not, whether they are there.
	Has Has `json:"has"`
}

// An Argument is one word.
type Argument struct {
	Name  Text  `json:"name"`
	Value *Text `json:"value,omitempty"`
	// Hidden: there is a value, which is not noted.
	Hidden bool `json:"hidden,omitempty"`
}

// Has are answers, in the order of the config.
type Has struct {
	ShouldExist    []bool `json:"shouldExist,omitempty"`
	ShouldNotExist []bool `json:"shouldNotExist,omitempty"`
}

// shownValues are the arguments whose values are noted: kernel-parameters.txt, kernel-command-line(7), and ours.
var shownValues = []string{"console", "enforcing", "ignition.firstboot", "ignition.platform.id", "init", "mitigations",
	"net.ifnames", "root", "rootfstype", "selinux", "systemd.unit"}

// hiddenValue stands for a value that is not noted.
const hiddenValue = "(hidden)"

// CommandLine notes the kernel's command line.
func (r *Recorder) CommandLine(line string) {
	note := &CommandLine{Arguments: []Argument{}}
	for _, a := range cmdline.Arguments(line) {
		word := Argument{Name: TextOf(a.Name)}
		if value := TextOf(a.Value); a.Assigned && slices.Contains(shownValues, a.Name) {
			word.Value = &value
		} else {
			word.Hidden = a.Assigned
		}
		note.Arguments = append(note.Arguments, word)
	}
	note.Has.ShouldExist = have(line, r.wanted.arguments.ShouldExist)
	note.Has.ShouldNotExist = have(line, r.wanted.arguments.ShouldNotExist)
	r.doc.CommandLine = note
}

// have tells of each of some arguments whether a line has it.
func have(line string, arguments []string) (all []bool) {
	for _, each := range arguments {
		all = append(all, cmdline.Has(line, each))
	}
	return all
}

// CommandLine is a line of which it is true, as far as the config asks, what is true of the one that was noted; nil if
// none was.
func (r *Replay) CommandLine() *string {
	from := r.doc.CommandLine
	if from == nil {
		return nil
	}
	var words []string
	for _, a := range from.Arguments {
		words = append(words, a.word())
	}
	want := r.wanted.arguments
	for _, each := range []struct {
		arguments []string
		has       []bool
	}{{want.ShouldExist, from.Has.ShouldExist}, {want.ShouldNotExist, from.Has.ShouldNotExist}} {
		for i, argument := range each.arguments {
			switch {
			case !r.same && from.hides(argument):
				_ = r.lack("whether the kernel has the argument %s that the config names", nameOf(argument))
			case r.same && i < len(each.has) && each.has[i]:
				words = append(words, hiddenValue, argument)
			}
		}
	}
	line := strings.Join(words, " ")
	return &line
}

// word is the argument as it may stand on a line.
func (a *Argument) word() string {
	switch {
	case a.Hidden:
		return a.Name.text + "=" + hiddenValue
	case a.Value != nil:
		return `"` + a.Name.text + "=" + a.Value.text + `"`
	}
	return `"` + a.Name.text + `"`
}

// hides tells whether the line may have an argument, or not, by what is not noted.
func (c *CommandLine) hides(argument string) bool {
	for _, word := range cmdline.Arguments(argument) {
		for _, a := range c.Arguments {
			if a.Hidden && a.Name.text == word.Name {
				return true
			}
		}
	}
	return false
}

// nameOf is an argument without its value.
func nameOf(argument string) string {
	name, _, _ := strings.Cut(argument, "=")
	return diag.Name(name)
}
