// Package net_test has the program get its config where clouds keep it: at the addresses and under the names of
// production, in a network namespace of the test's own, and on drives with real filesystems. The tests need root (make
// test-disk); what needs none is tested in providers, where time does not pass.
package net_test
