// What was probably meant by a word that is unknown.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace toonmirror {

// The candidate with the fewest letters added, left out, changed or swapped with their neighbour (Damerau's distance),
// the first of equals; nothing where more than a third of the word's letters would have to be. Upper and lower
// case of ASCII letters are the same.
std::optional<std::string> nearest_word(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace toonmirror
