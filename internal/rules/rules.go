// Package rules has no code: its test keeps the arrows between the rooms of this module straight. See ARCHITECTURE.md,
// "Who may know whom".
package rules
