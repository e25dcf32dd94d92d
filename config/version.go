package config

import (
	"fmt"
	"strconv"
	"strings"
)

// A Version of the language is the number after "3." in its name.
type Version int

// The versions of the language.
const (
	V3_0 Version = iota
	V3_1
	V3_2
	V3_3
	V3_4
	V3_5
	V3_6
	V3_7

	// Newest is the version that every config is brought to.
	Newest = V3_7
	// Stable is the newest version that will not change any more. The versions after it have "-experimental" in their
	// names.
	Stable = V3_6
)

// String spells the version as a document does.
func (v Version) String() string {
	text := fmt.Sprintf("3.%d.0", int(v))
	if v.isExperimental() {
		text += "-experimental"
	}
	return text
}

// isExperimental: the version may still change.
func (v Version) isExperimental() bool { return v > Stable }

// A VersionError says why a text is no version of the language.
type VersionError struct {
	// Malformed: the text is not of the form of a version at all.
	Malformed bool
	// Message says what is wrong, Hint what to write.
	Message, Hint string
}

func (e *VersionError) Error() string { return e.Message + "; " + e.Hint }

// ParseVersion reads a version as a document spells it. Components are numbers, so "03.6.0" is 3.6.0. The error is a
// *VersionError.
func ParseVersion(text string) (Version, error) {
	malformed := &VersionError{Malformed: true,
		Message: quoteShort(text) + " is not a version", Hint: "write three numbers: " + Stable.String()}
	rest, metadata, _ := strings.Cut(text, "+")
	rest, prerelease, _ := strings.Cut(rest, "-")
	parts := strings.SplitN(rest, ".", 3)
	if len(parts) != 3 || !isIdentifier(metadata) || !isIdentifier(prerelease) {
		return 0, malformed
	}
	var number [3]int64
	for i, part := range parts {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			return 0, malformed
		}
		number[i] = n
	}
	for v := V3_0; v <= Newest; v++ {
		want := ""
		if v.isExperimental() {
			want = "experimental"
		}
		if number == [3]int64{3, int64(v), 0} && prerelease == want && metadata == "" {
			return v, nil
		}
	}
	return 0, &VersionError{Message: fmt.Sprintf("version %s of the config language is not known", quoteShort(text)),
		Hint: versionHint(number[0], number[1])}
}

func versionHint(major, minor int64) string {
	if major < 3 {
		return "configs of spec 1 and 2 have another shape; they must be rewritten for spec 3"
	}
	for v := V3_0; v <= Newest; v++ {
		switch {
		case major != 3 || int64(v) != minor:
		case v.isExperimental():
			return "this version is still experimental: " + v.String()
		default:
			return "write " + v.String()
		}
	}
	return fmt.Sprintf("versions %s to %s and %s are known", V3_0, Stable, Newest)
}

// isIdentifier is semver's rule for pre-release and build identifiers.
func isIdentifier(s string) bool {
	return strings.Trim(s, "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") == ""
}

func quoteShort(s string) string {
	if len(s) > 40 {
		s = s[:40] + "…"
	}
	return strconv.Quote(s)
}
