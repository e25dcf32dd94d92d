// Package advice says what to write in the place of what is wrong, in more words than a boot has room for: on a
// workstation somebody can change the config. Whoever finds a problem says what is wrong, and mostly what to do. Here
// the text is read once more, and looked at for what was meant: another spelling of a value, a unit behind a number, a
// key that says the opposite.
package advice
