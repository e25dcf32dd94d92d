// Package kargs holds the helper for kernel arguments in boot entries, for the machine that provisions images. What a
// boot has of it, make install-kargs-entries installs.
package kargs

import _ "embed" // the helper

// Helper is the script.
//
//go:embed ignition-kargs-entries.sh
var Helper string

// Needs are the programs that it runs where it is given the folders.
func Needs() []string { return []string{"sh", "awk", "cp", "mv", "rm", "sync"} }
