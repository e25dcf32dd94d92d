package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// convertLarge measures time beside the YAML library's own reading of the document into nodes, without that program's
// start.
func (b *bench) convertLarge() error {
	file := b.path("large.bu")
	text := inlineYAML(10_000)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	what := fmt.Sprintf("convert, 10,000 inline files in YAML, %.1f MB", float64(len(text))/1e6)
	return b.compare(what, 2, func() (time.Duration, error) {
		took, err := timed(b.program("glowplug"), "convert", "--output", b.path("large.converted"), file)
		return took, err
	}, func() (time.Duration, error) {
		out, err := exec.Command(b.path("parseyaml"), file).Output()
		if err != nil {
			return 0, err
		}
		ns, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
		return time.Duration(ns), err
	})
}

// inlineYAML makes a document of that many files with about 1.1 KB of configuration each.
func inlineYAML(count int) []byte {
	var b bytes.Buffer
	b.WriteString("variant: fcos\nversion: 1.7.0\nstorage:\n  files:\n")
	for i := range count {
		fmt.Fprintf(&b, "    - path: /srv/%d/file-%d.conf\n      mode: 0644\n      contents:\n        inline: |\n",
			i%50, i)
		for line := range 16 {
			fmt.Fprintf(&b, "          upstream backend-%d { server 10.%d.%d.%d:%d; }\n", line, i%250, i/250, line,
				8000+i%100)
			if line%4 == 3 {
				b.WriteString("          proxy_set_header Host $host;\n\n")
			}
		}
		b.WriteString("          access_log /var/log/nginx/access.log;\n")
	}
	return b.Bytes()
}

const smallYAML = `variant: fcos
version: 1.7.0
storage:
  files:
    - path: /etc/hostname
      mode: 0644
      contents:
        inline: web
    - path: /etc/motd
      mode: 0644
      contents:
        inline: hello
systemd:
  units:
    - name: web.service
      enabled: true
      contents: |
        [Service]
        ExecStart=/usr/bin/true
        [Install]
        WantedBy=multi-user.target
`

// convertSmall measures a document of 20 lines from start to exit.
func (b *bench) convertSmall() error {
	file := b.path("small.bu")
	if err := os.WriteFile(file, []byte(smallYAML), 0o600); err != nil {
		return err
	}
	rounds := b.rounds
	b.rounds = 20 * rounds // a millisecond is easily disturbed
	defer func() { b.rounds = rounds }()
	return b.compare(fmt.Sprintf("glowplug convert, %d lines, start to exit", strings.Count(smallYAML, "\n")), 3.5,
		func() (time.Duration, error) {
			took, err := timed(b.program("glowplug"), "convert", "--output", b.path("small.converted"), file)
			return took, err
		}, func() (time.Duration, error) { took, err := timed(b.path("empty")); return took, err })
}
