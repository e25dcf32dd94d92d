package report

import (
	"fmt"
	"slices"
	"strings"
)

// barColumns is how wide the bar of a disk is, unless it has more parts than go into that.
const barColumns = 64

// A Stretch is a part of a disk: a partition, what fills it as a whole, or what is free.
type Stretch struct {
	Text      string // "1 boot", or what fills the disk; "" for what is free
	Size      int64
	Free      bool
	Partition *Partition // nil for none
}

// alignment is what tables and alignment take of a disk at its ends, in bytes.
const alignment = 1 << 20

// Stretches are the whole disk. What is free and smaller than 1/100 of it is left out.
func (l *Layout) Stretches() (all []Stretch) {
	if l.Holds != "" && len(l.Partitions) == 0 {
		return []Stretch{{Text: l.Holds, Size: l.Bytes}}
	}
	at := int64(0)
	gap := func(to int64) {
		if to-at > max(l.Bytes/100, alignment) {
			all = append(all, Stretch{Size: to - at, Free: true})
		}
	}
	for _, p := range slices.SortedFunc(slices.Values(l.Partitions), func(a, b Partition) int {
		return int(min(1, max(-1, a.Start-b.Start)))
	}) {
		gap(p.Start)
		text := fmt.Sprint(p.Number)
		if p.Label != "" {
			text += " " + p.Label
		}
		all = append(all, Stretch{Text: text, Size: p.Size, Partition: &p})
		at = max(at, p.Start+p.Size)
	}
	gap(l.Bytes)
	return all
}

// Bar draws a disk: "|1 boot|2 root       |........|". Each part has at least room for three characters, the others as
// much as they have of the disk.
func (l *Layout) Bar() string {
	all := l.Stretches()
	if len(all) == 0 {
		return "||"
	}
	const least = 3
	var sum int64
	for _, p := range all {
		sum += p.Size
	}
	spare := max(0, barColumns-len(all)*(least+1)-1)
	var b strings.Builder
	b.WriteByte('|')
	for _, p := range all {
		width := least
		if sum > 0 {
			width += int(float64(spare) * float64(p.Size) / float64(sum))
		}
		b.WriteString(p.fit(width) + "|")
	}
	return b.String()
}

// fit cuts the text of a part, or fills it up.
func (p Stretch) fit(width int) string {
	fill := " "
	if p.Free {
		fill = "."
	}
	runes := []rune(p.Text)
	if len(runes) > width {
		runes = append(runes[:width-1], '…')
	}
	return string(runes) + strings.Repeat(fill, width-len(runes))
}
