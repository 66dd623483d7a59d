//go:build unix

package main

import (
	"os"
	"syscall"
)

// mainAsUser is main, for a script that sets DYT_TEST_NOBODY with the rights of nobody: root may read and write everything, and what
// happens to users could not be seen.
func mainAsUser() {
	const nobody = 65534
	asked := os.Getenv("DYT_TEST_NOBODY") != ""
	os.Unsetenv("DYT_TEST_NOBODY") // which is no setting of dyt
	if asked && os.Getuid() == 0 {
		if err := syscall.Setgroups(nil); err != nil {
			panic(err)
		}
		if err := syscall.Setgid(nobody); err != nil {
			panic(err)
		}
		if err := syscall.Setuid(nobody); err != nil {
			panic(err)
		}
	}
	main()
}
