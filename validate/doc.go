// Package validate reads a config and holds it against the language and against every rule of its version.
// docs/problems.md lists what it may find.
package validate
