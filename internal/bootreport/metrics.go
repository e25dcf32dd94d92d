package bootreport

import (
	"fmt"
	"io"
	"strings"
)

// A metric is one of Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/).
type metric struct {
	name, help string
	samples    func(*Report) []sample
}

// A sample is a value of a metric, with names and values of its labels in turn.
type sample struct {
	labels []string
	value  string
}

// metrics lists them; docs/reports.md has the same table.
var metrics = [...]metric{
	{"glowplug_first_boot_info", "The first boot of this machine; the value is 1.", func(r *Report) []sample {
		return []sample{{[]string{"outcome", string(r.Outcome), "platform", r.Platform, "glowplug", r.Glowplug,
			"kernel", r.Kernel}, "1"}}
	}},
	{"glowplug_first_boot_begin_timestamp_seconds", "When it began, by the clock of the machine.",
		func(r *Report) []sample { return []sample{{nil, fmt.Sprint(r.Began.Unix())}} }},
	{"glowplug_first_boot_duration_seconds", "From the begin of its first stage to the end of its last.",
		func(r *Report) []sample {
			begin, end := r.Extent()
			return []sample{{nil, decimal(end - begin)}}
		}},
	{"glowplug_first_boot_warnings", "How many warnings it gave.", func(r *Report) []sample {
		return []sample{{nil, fmt.Sprint(r.Warnings())}}
	}},
	{"glowplug_first_boot_stage_duration_seconds", "How long each stage took.", func(r *Report) (all []sample) {
		took := map[string]int64{}
		var names []string
		for i := range r.Stages {
			s := &r.Stages[i]
			if _, known := took[s.Name]; !known {
				names = append(names, s.Name)
			}
			took[s.Name] += s.TookMicros
		}
		for _, name := range names {
			all = append(all, sample{[]string{"stage", name}, decimal(took[name])})
		}
		return all
	}},
	{"glowplug_first_boot_steps", "How many steps its stages had, by what they did.", func(r *Report) (all []sample) {
		steps := r.Steps()
		for _, effect := range effects {
			all = append(all, sample{[]string{"effect", effect}, fmt.Sprint(steps[effect])})
		}
		return all
	}},
}

// effects are those that are counted, as a plan has them.
var effects = [...]string{"create", "change", "destroy", "deferred", "keep"}

func decimal(micros int64) string { return fmt.Sprintf("%d.%06d", micros/1e6, micros%1e6) }

// WriteMetrics writes the report for node_exporter's textfile collector.
func (r *Report) WriteMetrics(w io.Writer) error {
	var b strings.Builder
	for _, m := range metrics {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s gauge\n", m.name, m.help, m.name)
		for _, s := range m.samples(r) {
			b.WriteString(m.name)
			for i := 0; i < len(s.labels); i += 2 {
				fmt.Fprintf(&b, "%s%s=\"%s\"", map[bool]string{true: "{", false: ","}[i == 0], s.labels[i],
					labelled.Replace(shortened(s.labels[i+1])))
			}
			if len(s.labels) > 0 {
				b.WriteByte('}')
			}
			b.WriteString(" " + s.value + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// labelled escapes the value of a label; line ends have been made visible before.
var labelled = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
