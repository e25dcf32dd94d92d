// Package readers_test has programs of others read what glowplug validate writes: SARIF is held against the schema of
// its standard, JUnit is read by two readers. They are packages of npm. The tests need root, which installs them (make
// test-disk); that each form says what it has to say is tested in internal/results.
package readers_test
