//go:build !linux

package fetch

// setMark: only Linux has marks.
func setMark(uintptr) {}
