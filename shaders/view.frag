#version 330 core
// The picture before and after, parted by a line that can be moved.
in vec2 place;
out vec4 colour;

uniform sampler2D before;
uniform sampler2D after;
uniform bool mirrored;
uniform float wipe;      // left of it lies `before`; 0: none
uniform float width_px;  // of the rectangle

void main() {
  vec2 position = vec2(mirrored ? 1.0 - place.x : place.x, place.y);
  vec3 picture = place.x < wipe ? texture(before, position).rgb : texture(after, position).rgb;
  float distance_px = abs(place.x - wipe) * width_px;
  float line = wipe > 0.0 && wipe < 1.0 ? 1.0 - smoothstep(0.75, 1.75, distance_px) : 0.0;
  colour = vec4(mix(picture, vec3(1.0), 0.85 * line), 1.0);
}
