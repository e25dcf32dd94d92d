package report

import (
	"fmt"
	"slices"
	"strings"
)

// barColumns is how wide the bar of a disk is, unless it has more parts than go into that.
const barColumns = 64

// A part is a stretch of a disk: a partition, or what is free.
type part struct {
	text string
	size int64
	free bool
}

// alignment is what tables and alignment take of a disk at its ends, in bytes.
const alignment = 1 << 20

// parts are the whole disk. What is free and smaller than 1/100 of it is left out.
func (l *Layout) parts() (all []part) {
	if l.Holds != "" && len(l.Partitions) == 0 {
		return []part{{text: l.Holds, size: l.Bytes}}
	}
	at := int64(0)
	gap := func(to int64) {
		if to-at > max(l.Bytes/100, alignment) {
			all = append(all, part{size: to - at, free: true})
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
		all = append(all, part{text: text, size: p.Size})
		at = max(at, p.Start+p.Size)
	}
	gap(l.Bytes)
	return all
}

// Bar draws a disk: "|1 boot|2 root       |........|". Each part has at least room for three characters, the others as
// much as they have of the disk.
func (l *Layout) Bar() string {
	all := l.parts()
	if len(all) == 0 {
		return "||"
	}
	const least = 3
	var sum int64
	for _, p := range all {
		sum += p.size
	}
	spare := max(0, barColumns-len(all)*(least+1)-1)
	var b strings.Builder
	b.WriteByte('|')
	for _, p := range all {
		width := least
		if sum > 0 {
			width += int(float64(spare) * float64(p.size) / float64(sum))
		}
		b.WriteString(p.fit(width) + "|")
	}
	return b.String()
}

// fit cuts the text of a part, or fills it up.
func (p part) fit(width int) string {
	fill := " "
	if p.free {
		fill = "."
	}
	runes := []rune(p.text)
	if len(runes) > width {
		runes = append(runes[:width-1], '…')
	}
	return string(runes) + strings.Repeat(fill, width-len(runes))
}
