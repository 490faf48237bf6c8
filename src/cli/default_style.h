#pragma once

namespace toonmirror::cli {

// The style of a picture when none is named.
inline constexpr const char* kDefaultStyle = "film";

}  // namespace toonmirror::cli
