package source

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// urlFault says where and why url.Parse refused a text. The error itself is no use: it quotes the URL.
func urlFault(raw string, err error) *diag.Fault {
	before, _, _ := strings.Cut(raw, "#")
	if i := strings.IndexFunc(before, isControl); i >= 0 {
		return controlFault(raw, i)
	}
	if escape := url.EscapeError(""); errors.As(err, &escape) {
		return escapeFault(raw, string(escape))
	}
	start, end, found := authority(before)
	if !found {
		return schemeless(before)
	}
	if i := strings.LastIndexByte(raw[start:end], '@'); i >= 0 {
		start += i + 1
	}
	invalid := url.InvalidHostError("")
	if errors.As(err, &invalid) {
		at := start + max(strings.Index(raw[start:end], string(invalid)), 0)
		f := &diag.Fault{Code: codes.URLHost, Message: "a byte that a host name cannot have", At: at}
		if invalid == " " {
			f.Message, f.Hint = "a space in the host name",
				"a host name has no spaces; only after it is a space written as %20"
		}
		return f
	}
	return hostFault(raw[start:end], start)
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// controlName gives what a control byte is called.
func controlName(b byte) string {
	switch b {
	case '\n':
		return "newline"
	case '\r':
		return "carriage return"
	case '\t':
		return "tab"
	case 0:
		return "NUL byte"
	}
	return "control byte"
}

// controlFault is about the control byte at i.
func controlFault(raw string, i int) *diag.Fault {
	name := controlName(raw[i])
	const hex = "0123456789ABCDEF"
	escaped := "%" + string(hex[raw[i]>>4]) + string(hex[raw[i]&15])
	f := &diag.Fault{Code: codes.URLControl, Message: "a " + name + " in a URL",
		Hint: "a " + name + " in a URL must be " + escaped, At: i}
	if strings.TrimRight(raw, "\r\n") == raw[:i] {
		f.Message = "the URL ends in a " + name
		f.Hint = "take it off the end, or write it as " + escaped + " where it is meant"
	}
	return f
}

// escapeFault is about a percent sign. In a host name even a well-formed escape can be wrong: there it may only stand
// for bytes outside ASCII.
func escapeFault(raw, escape string) *diag.Fault {
	const code = codes.URLEscape
	for i := 0; i < len(raw); i++ {
		if raw[i] == '%' && !isEscape(raw, i) {
			return &diag.Fault{Code: code, Message: "a % without two hexadecimal digits after it",
				Hint: "write % itself as %25", At: i}
		}
	}
	return &diag.Fault{
		Code: code, Message: "a percent escape that a host name cannot have",
		Hint: "write the host name without escapes",
		At:   max(strings.Index(raw, escape), 0),
	}
}

// isEscape reports whether the percent sign at i is followed by two hexadecimal digits.
func isEscape(s string, i int) bool {
	return i+2 < len(s) && class[s[i+1]]&hexDigit != 0 && class[s[i+2]]&hexDigit != 0
}

// authority finds the bounds of what stands between // and the path.
func authority(raw string) (start, end int, found bool) {
	raw, _, _ = strings.Cut(raw, "?")
	i := strings.Index(raw, "//")
	if i < 0 || i > 0 && (i == 1 || other(raw[:i-1], schemeByte) < i-1 || raw[i-1] != ':') {
		return 0, 0, false
	}
	start, end = i+2, len(raw)
	if n := strings.IndexByte(raw[start:], '/'); n >= 0 {
		end = start + n
	}
	return start, end, true
}

func schemeless(raw string) *diag.Fault {
	f := &diag.Fault{Code: codes.URLNoScheme, Message: "the URL has no scheme that can be read",
		Hint: "a URL starts like https://"}
	if first, _, _ := strings.Cut(raw, ":"); strings.TrimSpace(first) != first {
		f.Hint = "take the space off the start"
	}
	return f
}

// hostFault finds what is wrong with a host and port, which start at an offset in the URL; where nothing is, it must be
// the user and password before them.
func hostFault(host string, start int) *diag.Fault {
	f := &diag.Fault{Code: codes.URLHost, At: start}
	port := ""
	if open := strings.LastIndexByte(host, '['); open >= 0 {
		end := strings.LastIndexByte(host, ']')
		switch addr, err := netip.ParseAddr(host[open+1 : max(end, open+1)]); {
		case end < open:
			f.Message, f.Hint = "a [ without a ]", "an IPv6 address is written [address]:port"
			return f
		case open > 0 || err != nil || addr.Is4():
			f.Message, f.Hint = "brackets that do not hold an IPv6 address",
				"only an IPv6 address has brackets: [address]:port"
			return f
		}
		port = host[end+1:]
	} else if i := strings.IndexByte(host, ':'); i >= 0 {
		port = host[i:]
	}
	switch {
	case strings.Count(port, ":") > 1:
		f.Message, f.Hint = "more than one colon in the host", "put an IPv6 address into brackets: [address]:port"
	case strings.Trim(port, ":0123456789") != "" || port != "" && port[0] != ':':
		f.Code, f.Message, f.Hint = codes.URLPort, "the port is not a number", "a host is written host or host:port"
		f.At += len(host) - len(port)
	default:
		f.Code, f.Message = codes.URLUserinfo, "the user or password before the @ has a byte that must be escaped"
		f.Hint = "escape such bytes as % and two hexadecimal digits"
	}
	return f
}
