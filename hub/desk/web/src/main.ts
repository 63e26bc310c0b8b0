import "./app";
import { followSystemTheme } from "./theme";

void followSystemTheme();
