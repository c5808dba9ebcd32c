"""The few-shot model that Foreshot ships: shared trees and an adapted head on support evidence."""
