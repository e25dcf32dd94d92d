package applies

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// valid gives the generated cases that validate passes, by files in a folder.
func valid(ctx context.Context, dir string) (passed []Case, err error) {
	cases := Generate()
	verdicts, err := Judge(ctx, dir, cases)
	if err != nil {
		return nil, err
	}
	for i, c := range cases {
		if verdicts[i].Valid {
			passed = append(passed, c)
		}
	}
	return passed, nil
}

// A Tally counts outcomes.
type Tally struct {
	Booted, Changed int
	on              map[Kind]int
	codes           map[string]int
}

// NewTally is one of nothing.
func NewTally() *Tally { return &Tally{on: map[Kind]int{}, codes: map[string]int{}} }

// Add counts an outcome, and tells what must not be: a refusal that is not said to be the machine's, and a config that
// applies on no machine, unless all that is against it are words for a program, a size, or what only something has, or
// holds, that is there already.
func (l *Tally) Add(o Outcome) (faults []string) {
	l.Booted++
	if o.Changed {
		l.Changed++
	}
	only := len(o.Refused) > 0
	byDisks := o.isByDisks() // then roots of all kinds were not tried
	for _, r := range o.Refused {
		l.codes[r.Code]++
		only = only && (r.Code == ByTool || byDisks)
		if r.Code == "" {
			faults = append(faults, fmt.Sprintf("%s\non a root that is %s: %v\n%.2000s", o.Name, r.On, r.Err, o.Text))
		}
	}
	switch {
	case o.On != "":
		l.on[o.On]++
	case only && (wordy(o.Text) || small(o.Text) || o.Kept):
		l.on[ByTool]++
	case len(faults) == 0 && slices.ContainsFunc(o.Refused, func(r Refused) bool { return r.Code == ByKept }):
		l.on[ByKept]++ // no filesystem here holds what the config may find
	case len(faults) == 0:
		faults = append(faults, fmt.Sprintf("%s\non no machine: %s\n%.2000s", o.Name, o.refusals(), o.Text))
	}
	return faults
}

func (o *Outcome) refusals() string {
	var all []string
	for _, r := range o.Refused {
		all = append(all, fmt.Sprintf("%s: %v", r.On, r.Err))
	}
	return strings.Join(all, "; ")
}

// wordy tells whether a config has words for a program that are not ours to judge, beside those that make keys cheap.
func wordy(text string) bool {
	for _, p := range places(read(text)) {
		list, is := p.value.([]any)
		if is && len(list) > 0 && strings.HasSuffix(strings.ToLower(p.path), "options") &&
			write(list) != "["+cheaply()+"]" {
			return true
		}
	}
	return false
}

// small tells whether a config gives a size below what programs of today make a filesystem of. Older ones made some,
// and what is there is kept.
func small(text string) bool {
	const most = 300 // MiB, of mkfs.xfs 6.1
	for _, p := range places(read(text)) {
		if n := number(p.value, "sizeMiB"); strings.HasSuffix(p.path, ".partitions.*") && 0 < n && n < most {
			return true
		}
	}
	return false
}

func (l *Tally) String() string {
	text := fmt.Sprintf("%d booted, %d of them changed something; they apply", l.Booted, l.Changed)
	for _, kind := range slices.Sorted(maps.Keys(l.on)) {
		text += fmt.Sprintf(", %d on %s", l.on[kind], kind)
	}
	text += "; refused"
	for _, code := range slices.Sorted(maps.Keys(l.codes)) {
		text += fmt.Sprintf(", %d as %q", l.codes[code], code)
	}
	return text
}
