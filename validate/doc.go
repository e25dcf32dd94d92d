// Package validate reads configs for other Go programs: it says what is wrong with a text and where, what the config in
// it is, and what comes of several. It is pure; nothing is fetched, so what a config refers to is not looked at.
//
// Read takes a text, JSON or YAML, which it finds out by itself, and gives a Document and its problems. A Document
// gives its Config, which package config describes, and its JSON, for Ignition; so converting a Butane document is Read
// and then JSON. Merge lays documents over each other.
package validate
