/** The runtime version of images built today; what it means: `contracts/runtime-version.ts`. */
import { runtimeNumber } from '../contracts/runtime-version.ts';
import { packagePins } from './pins.ts';

/** For example `1-sdk.0.3.330`; the content of `/opt/harvest/version`. */
export const runtimeVersion = `${runtimeNumber}-sdk.${packagePins.agentSdk}`;
