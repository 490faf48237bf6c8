#version 330 core
// A rectangle of the window without any vertex data: four corners of a triangle strip.
out vec2 place;  // in the picture, 0 to 1, from its upper left corner

void main() {
  place = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  gl_Position = vec4(2.0 * place.x - 1.0, 1.0 - 2.0 * place.y, 0.0, 1.0);
}
