package results

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// writeGitLab writes a list of issues, of which GitLab shows those that a change brings (GitLab's documentation, "Code
// Quality", "Code Quality report format").
func writeGitLab(w io.Writer, r *Report) error {
	list, seen := []diag.Object{}, map[string]int{}
	for f, p := range r.each() {
		if p.More > 0 {
			continue
		}
		name := slashes(f.file(p))
		key := name + "\x00" + string(p.Code) + "\x00" + p.Path + "\x00" + p.Message
		seen[key]++
		list = append(list, diag.Object{"description", said(p), "check_name", string(p.Code),
			"fingerprint", fingerprint(key, seen[key]), "severity", gitlabSeverity(p.Severity),
			"location", diag.Object{"path", name, "lines", diag.Object{"begin", max(regionOf(p.Place).line, 1)}}})
	}
	return diag.WriteList(w, list)
}

// fingerprint tells one issue from all others, wherever its line moves; of several that are alike it is the number
// that tells them apart.
func fingerprint(key string, number int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", key, number))
	return hex.EncodeToString(sum[:16])
}

func gitlabSeverity(s diag.Severity) string {
	switch s {
	case diag.Error:
		return "major"
	case diag.Warning:
		return "minor"
	}
	return "info"
}
