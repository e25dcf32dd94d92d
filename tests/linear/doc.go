// Package linear holds what the programs take, in work, in memory and of a network, against the size of what they are
// given. `make test-linear` runs it. Without the tag linear it is empty.
package linear
